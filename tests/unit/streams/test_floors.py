"""Markers void what was said before them, and leave a floor."""

from schemas.records import Claim
from streams.deduplicate import NO_FLOOR, Floor
from streams.floors import floor_in, floor_record, floor_set_by, standing
from tests.unit.streams.claims import claim, event


def _standing(claims: list[Claim], floor: Floor | None, *, keeps: list[str]) -> tuple[list[Claim], set[str]]:
    return standing(claims, lambda *source: floor if floor and source == ("a", "t") else NO_FLOOR, keeps=keeps)


def test_the_end_of_a_snapshot_voids_older_epochs() -> None:
    marker = event("snapshot_end", epoch=2, commit=7)
    floor = floor_set_by(marker)
    assert floor == (2, 0, 0)
    old, new = claim({}, epoch=1, commit=99), claim({}, epoch=2, commit=7, row="2")
    others = [claim({}, system="b"), claim({}, resource="u")]
    assert _standing([old, new, *others], floor, keeps=[]) == ([new, *others], {"a"})


def test_a_truncate_voids_what_was_said_before_it_in_its_own_transaction_too() -> None:
    marker = event("truncate", commit=7, ordinal=3)
    floor = floor_set_by(marker)
    assert floor == (1, 7, 3)
    before, after = claim({}, commit=7, ordinal=2), claim({}, commit=7, ordinal=4, row="2")
    assert _standing([before, after], floor, keeps=[]) == ([after], {"a"})


def test_the_beginning_of_a_snapshot_voids_nothing() -> None:
    assert floor_set_by(event("snapshot_begin", epoch=2)) is None


def test_what_has_been_said_since_is_not_void() -> None:
    claims = [claim({}, epoch=2)]
    assert _standing(claims, (2, 0, 0), keeps=[]) == (claims, set())


def test_that_a_row_of_an_owner_of_existence_is_gone_stays_said() -> None:
    claims = [
        claim({"name": "A"}, row="1", stated_null=["ward"], aliases=["k"]),
        claim(None, row="2"),
        claim(None, row="3", left_to="elsewhere"),
        claim({"name": "A"}, row="4", echoed=["name", "existence"]),
        claim({"name": "B"}, row="5", epoch=2),
    ]
    again = [claim(None, row="1", aliases=["k"]), *claims[1:3], claim(None, row="4", echoed=["existence"]), claims[4]]
    assert _standing(claims, (2, 0, 0), keeps=["a"]) == (again, {"a"})
    assert _standing(again, (2, 0, 0), keeps=["a"]) == (again, set()), "it is done"


def test_a_floor_is_kept_as_a_state() -> None:
    record = floor_record(event("truncate", commit=7, ordinal=3), (1, 7, 3))
    assert (floor_in(record), floor_in(None)) == ((1, 7, 3), NO_FLOOR)
    assert (record["status"], record["value"], record["routes"]) == ("deleted", None, [])
