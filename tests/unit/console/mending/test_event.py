"""A raw event is read, corrected and keyed as its source would have it."""

from typing import Any

import pytest

from console.errors import ConsoleError
from console.mending.event import Captured, columns, edited, home_key, keyed, read, write
from schemas import compose
from schemas.codec import codec_for
from schemas.manifest import Publication
from schemas.registry import frame
from tests.unit.console.city import HO_TICH
from tests.unit.streams.memory import MemoryRegistry
from tests.unit.streams.simulation import Source

FIELDS: list[dict[str, Any]] = [
    {"name": "id", "type": ["null", "long"], "default": None},
    {"name": "so_dinh_danh", "type": ["null", "string"], "default": None},
    {"name": "ten_1", "column": "tên", "type": ["null", "string"], "default": None},
    {"name": "ngay", "type": ["null", "int"], "default": None},
    {"name": "luc", "type": ["null", "long"], "default": None},
    {"name": "con", "type": ["null", "boolean"], "default": None},
    {"name": "diem", "type": ["null", "double"], "default": None},
    {"name": "anh", "type": ["null", "bytes"], "default": None},
]
SHAPE = {"type": "record", "name": "Row", "namespace": "lienthong.raw.ho_tich.rows", "fields": FIELDS}
PUBLICATION = Publication.model_validate(HO_TICH["publishes"]["person"])
ROW: dict[str, Any] = {str(field.get("column", field["name"])): None for field in FIELDS}


def captured(so: str | None = "00109901234", **event: Any) -> Captured:
    made: Any = Source("ho_tich").event("create", "7", after=ROW | {"id": 7, "so_dinh_danh": so, "tên": "An"}, **event)
    return Captured(1, compose.for_row(SHAPE), made)


def test_it_is_written_as_it_was_read() -> None:
    registry = MemoryRegistry()
    schema = compose.for_row(SHAPE)
    number = registry.register("raw.ho_tich.person-value", schema)
    event: Any = captured().event
    stored = {**event, "after": {("ten_1" if name == "tên" else name): value for name, value in event["after"].items()}}
    framed = frame(number, codec_for(schema).encode(stored))
    found = read(framed, registry)
    assert found.event["after"] == event["after"]
    assert write(found) == framed
    assert list(columns(schema))[:3] == ["id", "so_dinh_danh", "tên"]


@pytest.mark.parametrize("framed", [b"text", b"\0\0\0\0\x63x"])
def test_what_is_no_event_is_told(framed: bytes) -> None:
    with pytest.raises(ConsoleError, match="reading a quarantined event"):
        read(framed, MemoryRegistry())


@pytest.mark.parametrize(
    ("column", "text", "value"),
    [
        ("tên", "Bình", "Bình"),
        ("tên", None, None),
        ("id", "12", 12),
        ("ngay", "1970-02-01", 31),
        ("ngay", "-3", -3),
        ("luc", "1970-01-01T00:00:01", 1_000_000),
        ("con", "true", True),
        ("diem", "1.5", 1.5),
    ],
)
def test_a_column_gets_a_value_of_its_type(column: str, text: str | None, value: Any) -> None:
    found = edited(captured(), {column: text}, edit=3)
    assert found.event["after"] is not None
    assert (found.event["after"][column], found.event["edit"]) == (value, 3)
    write(found)
    assert captured().event["edit"] == 0


@pytest.mark.parametrize(
    ("column", "text", "told"),
    [("không", "x", "the row has none of this name; it has id"), ("con", "có", "no value"), ("anh", "x", "typed in")],
)
def test_what_cannot_be_is_refused_without_the_value(column: str, text: str, told: str) -> None:
    with pytest.raises(ConsoleError, match=told):
        edited(captured(), {column: text}, edit=1)


def test_a_row_that_is_gone_cannot_be_edited() -> None:
    gone = captured()._replace(event={**captured().event, "after": None})
    with pytest.raises(ConsoleError, match="whose row is gone"):
        edited(gone, {"tên": "x"}, edit=1)


def test_an_edit_that_makes_another_key_goes_by_the_old_one() -> None:
    key, sent = keyed(captured(), edited(captured(), {"so_dinh_danh": "001099012345"}, edit=1), PUBLICATION, "ho_tich")
    assert (key, sent.event["new_key"]) == ("ho_tich#7", "citizen_id:001099012345")
    key, sent = keyed(captured(), edited(captured(), {"tên": "Bình"}, edit=1), PUBLICATION, "ho_tich")
    assert (key, sent.event["new_key"]) == ("ho_tich#7", None)


def test_what_had_no_key_gets_that_of_the_edit() -> None:
    nameless = captured(None)
    nameless = nameless._replace(event={**nameless.event, "after": {**ROW, "tên": "An"}})
    with pytest.raises(ConsoleError, match="set that column, too"):
        home_key(nameless, PUBLICATION, "ho_tich")
    key, sent = keyed(nameless, edited(nameless, {"id": "9"}, edit=1), PUBLICATION, "ho_tich")
    assert (key, sent.event["new_key"]) == ("ho_tich#9", None)


def test_a_delete_goes_by_what_the_row_was() -> None:
    gone = captured()._replace(event={**captured().event, "before": captured().event["after"], "after": None})
    assert keyed(gone, gone, PUBLICATION, "ho_tich")[0] == "ho_tich#7"
