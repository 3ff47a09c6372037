from hypothesis import given
from hypothesis import strategies as st

from connectors.sources.postgres_capture.shapes import Column, Shapes, avro_name, field_names
from connectors.sources.postgres_capture.types import TypeRow, Types
from schemas.codec import codec_for

_ROWS = [
    TypeRow(23, "int4", 0, 0, ","),
    TypeRow(25, "text", 0, 0, ","),
    TypeRow(1082, "date", 0, 0, ","),
    TypeRow(1007, "_int4", 0, 23, ","),
    TypeRow(9001, "ngay", 1082, 0, ","),
    TypeRow(9002, "nhieu_ngay", 9003, 0, ","),
    TypeRow(9003, "_ngay", 0, 9001, ","),
]


def _shapes(rows: list[TypeRow] = _ROWS) -> Shapes:
    return Shapes(system="nguon", resource="public.Bảng", types=Types(lambda: rows))


@given(st.lists(st.text(min_size=1, max_size=5), unique=True, max_size=8))
def test_every_column_gets_a_field_of_its_own(columns: list[str]) -> None:
    names = field_names(columns)
    assert len(set(names)) == len(columns)
    assert all(avro_name(name) == name for name in names)
    assert all(name == column for name, column in zip(names, columns, strict=True) if avro_name(column) == column)


@given(st.lists(st.text(min_size=1, max_size=5), unique=True, max_size=8))
def test_every_shape_is_a_valid_schema(columns: list[str]) -> None:
    codec_for(_shapes().of([Column(name, 25) for name in columns]).avro)


def test_the_same_structure_has_the_same_shape() -> None:
    shapes = _shapes()
    columns = (Column("id", 23), Column("ten", 25))
    assert shapes.of(columns) is shapes.of(iter(columns))
    assert shapes.of(columns) is not shapes.of(columns[::-1])


def test_domains_are_typed_as_their_base_also_within_arrays() -> None:
    fields = _shapes().of([Column("a", 9001), Column("b", 9002)]).avro["fields"]
    assert [field["source_type"] for field in fields] == ["ngay", "nhieu_ngay"]
    assert fields[0]["type"] == ["null", "int"]
    assert fields[1]["type"] == ["null", {"type": "array", "items": ["null", "int"]}, "string"]


def test_a_type_that_is_gone_is_text() -> None:
    [field] = _shapes().of([Column("a", 123456)]).avro["fields"]
    assert (field["type"], field["source_type"]) == (["null", "string"], "oid 123456")


def test_a_type_that_is_new_is_asked_for() -> None:
    rows: list[TypeRow] = []
    shapes = _shapes(rows)
    rows += _ROWS
    [field] = shapes.of([Column("a", 1082)]).avro["fields"]
    assert field["type"] == ["null", "int"]
