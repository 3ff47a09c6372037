"""What may replace what."""

from typing import Any

import pytest

from schemas.compatibility import appended_only, unreadable


def _enum(*symbols: str, **more: Any) -> dict[str, Any]:
    return {"type": "enum", "name": "E", "symbols": list(symbols), **more}


def _record(**types: Any) -> dict[str, Any]:
    return {"type": "record", "name": "R", "fields": [{"name": name, "type": kind} for name, kind in types.items()]}


@pytest.mark.parametrize(
    ("written", "reader", "problem"),
    [
        (_enum("A", "B"), _enum("A"), "symbols B of E are gone, with no default"),
        (_record(x=["null", "long"]), _record(x="long"), "x: null was written, long is wanted"),
        (_record(x={"type": "array", "items": "long"}), _record(x={"type": "array", "items": "int"}), "x"),
        (_record(x={"type": "fixed", "name": "F", "size": 2}), _record(x="bytes"), "x: F was"),
        ("long", "string", "long was written, string is wanted"),
    ],
)
def test_what_cannot_always_be_read_is_named(written: Any, reader: Any, problem: str) -> None:
    assert str(unreadable(written=written, reader=reader)[0]).startswith(problem)


@pytest.mark.parametrize(
    ("written", "reader"),
    [
        (_enum("A", "B"), _enum("A", default="A")),
        (_enum("A"), _enum("A", "B")),
        (_record(x="long"), _record(x=["null", "long"])),
        (_record(x="int"), _record(x="double")),
        (_record(x="int", y="string"), _record(x="int")),
    ],
)
def test_what_avro_allows_is_allowed(written: Any, reader: Any) -> None:
    assert unreadable(written=written, reader=reader) == []


def test_a_recursive_schema_is_compared_once() -> None:
    tree = {"type": "record", "name": "T", "fields": [{"name": "t", "type": {"type": "array", "items": "T"}}]}
    wider = {**tree, "fields": [*tree["fields"], {"name": "x", "type": "long"}]}
    assert [str(problem) for problem in unreadable(written=tree, reader=wider)] == ["x: a new field without a default"]


@pytest.mark.parametrize(
    ("released", "today", "problem"),
    [
        (_enum("A", "B"), _enum("B", "A"), "E: A was changed, moved or removed"),
        (_record(x="long", y="long"), _record(y="long", x="long"), "R: x was changed, moved or removed"),
        (_record(x="long"), _record(x="double"), "R: x was changed"),
        (_record(x=_enum("A")), _record(x="string"), "E: is gone"),
    ],
)
def test_moves_and_changes_are_named(released: Any, today: Any, problem: str) -> None:
    found = [str(each) for each in appended_only(released=released, today=today)]
    assert any(each.startswith(problem) for each in found), found


def test_appending_is_allowed_at_every_depth() -> None:
    released, today = _record(x=_enum("A")), _record(x=_enum("A", "B"), y="long")
    assert appended_only(released=released, today=today) == []
