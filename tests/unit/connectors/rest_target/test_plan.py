"""What is sent of a batch, where renames come in twisted order."""

from connectors.kit.sink_feed import delete, rename, upsert
from connectors.sinks.rest_target.plan import Known, planned


def test_a_rename_to_a_key_that_was_left_later_is_a_delete() -> None:
    plan, known = planned([rename("k#2", "k#3", at=20)], Known())
    assert [write.operation for _, write in plan] == ["rename"]
    plan, _ = planned([rename("k#1", "k#2", at=10), rename("k#5", "k#2", at=30)], known)
    assert [(place, write.operation, write.moved_to) for place, write in plan] == [
        (0, "delete", None),
        (1, "rename", {"ma": "k#2"}),
    ]


def test_what_comes_late_is_not_sent() -> None:
    _, known = planned([rename("k#1", "k#2", at=20)], Known())
    plan, after = planned([upsert("k#2", 10), upsert("k#2", 30), delete("k#2", at=40)], known)
    assert [place for place, _ in plan] == [1, 2]
    assert (list(known.arrivals), list(after.arrivals)) == (["k#2"], [])


def test_a_rename_to_itself_is_nothing() -> None:
    assert planned([rename("k#1", "k#1")], Known())[0] == []


def test_only_so_much_is_remembered() -> None:
    _, known = planned([delete(f"k#{number}") for number in range(10_050)], Known())
    assert (len(known.departures), next(iter(known.departures))) == (10_000, "k#50")
