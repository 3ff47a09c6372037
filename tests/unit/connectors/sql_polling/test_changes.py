"""Rows against what is known of them."""

import time

import pytest

from connectors.sources.sql_polling.changes import Since, Stamp, compare, deletions, events, handed_out, knowledge
from connectors.sources.sql_polling.tables import Found, name_of
from schemas.records import Row

_STAMP = Stamp("dkkd", 2, 77, 77)


def _found(name: str, ten: str, *, cursor: int = 1, changed: int | None = None) -> Found:
    return Found(name, [int(name)], cursor, {"id": int(name), "ten": ten}, {"id": int(name)}, changed)


def test_only_what_differs_is_news() -> None:
    known = {found.name: knowledge(found) for found in (_found("1", "a"), _found("2", "b"), _found("3", "c"))}
    now = [_found("1", "a"), _found("2", "mới"), _found("3", "c", cursor=9), _found("4", "d")]
    compared = compare(now, known)
    assert [(draft.operation, draft.row, draft.before) for draft in compared.drafts] == [
        ("update", "2", {"id": 2}),
        ("create", "4", None),
    ]
    assert [learned.name for learned in compared.learned] == ["2", "3", "4"]


def _row(ten: str) -> Row:
    return {"id": 1, "ten": ten}


@pytest.mark.parametrize(
    ("since", "told"),
    [
        (None, [("mới", None)]),
        ([], [("mới", False)]),
        ([(None, _row("mới"))], [("mới", True)]),
        ([(_row("a"), _row("ta"))], [("ta", True), ("mới", False)]),
        ([(_row("họ"), _row("mới"))], [("họ", False), ("mới", True)]),
        ([(_row("a"), _row("ta")), (_row("ta"), _row("mới"))], [("ta", True), ("mới", True)]),
        ([(_row("cũ"), _row("a")), (_row("a"), _row("mới"))], [("mới", True)]),  # read while the first was written
    ],
)
def test_our_writes_and_those_of_people_are_told_in_turn(
    since: Since | None, told: list[tuple[str, bool | None]]
) -> None:
    known = {"1": knowledge(_found("1", "a"))}
    drafts = compare([_found("1", "mới")], known, {"1": since}).drafts
    assert [(draft.after and draft.after["ten"], draft.ours) for draft in drafts] == told
    assert {(draft.operation, str(draft.before)) for draft in drafts} == {("update", "{'id': 1}")}


def test_a_row_that_we_made_and_people_changed_is_made_once() -> None:
    drafts = compare([_found("1", "mới")], {}, {"1": [(None, _row("ta"))]}).drafts
    assert [(draft.operation, draft.before, draft.ours) for draft in drafts] == [
        ("create", None, True),
        ("update", {"id": 1}, False),
    ]


def test_events_have_one_commit_and_growing_ordinals() -> None:
    drafts = compare([_found("1", "a"), _found("2", "b")], {}).drafts
    drafts += deletions([knowledge(_found("3", "c"))])
    found = events(drafts, "public.dn", _STAMP, first=1)
    assert [(event["operation"], event["commit"], event["ordinal"]) for event in found] == [
        ("create", 77, 1),
        ("create", 77, 2),
        ("delete", 77, 3),
    ]
    assert (found[2]["before"], found[2]["after"]) == ({"id": 3}, None)


def test_clocks_are_shown_but_not_believed() -> None:
    now = time.time_ns() // 1000
    drafts = compare([_found("1", "a", changed=5), _found("2", "b", changed=2**62), _found("3", "c")], {}).drafts
    past, future, none = (event["source_time"] for event in events(drafts, "t", _STAMP, first=1))
    assert past == 5
    assert now <= future == none <= time.time_ns() // 1000


def test_each_entity_gets_an_event_of_its_own() -> None:
    found = events(compare([_found("1", "a")], {}).drafts, "t", _STAMP, first=1)
    one, two = handed_out(found, ("person", "business"), {})
    one.event["new_key"] = "x"
    assert (one.entity, two.entity, two.event["new_key"]) == ("person", "business", None)


def test_no_two_keys_have_one_name() -> None:
    assert name_of([5]) == "5"
    assert name_of(["a,b", "c"]) != name_of(["a", "b,c"])
    assert name_of(["a\\", "b"]) != name_of(["a", "\\b"])
