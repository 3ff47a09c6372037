"""The generated codec against fastavro, on random schemas and values."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.codec import CodecError, SchemaError, codec_for
from tests.unit.schemas.avro_cases import (
    read_by_fastavro,
    same,
    schemas,
    schemas_with_value,
    values,
    written_by_fastavro,
)

PERSON = {
    "type": "record",
    "name": "Person",
    "namespace": "t",
    "fields": [
        {"name": "name", "type": "string"},
        {"name": "born", "type": ["null", "int"], "default": None},
        {"name": "sex", "type": {"type": "enum", "name": "Sex", "symbols": ["male", "female"]}, "default": "female"},
        {"name": "tags", "type": {"type": "array", "items": "string"}, "default": []},
        {"name": "seal", "type": "bytes", "default": "\u00ff"},
        {"name": "weight", "type": "double", "default": "NaN"},
        {"name": "mother", "type": ["null", "Person"], "default": None},
    ],
}
FULL = {"name": "Đỗ", "born": 7, "sex": "male", "tags": ["a"], "seal": b"x", "weight": 1.5, "mother": None}


@given(schemas_with_value())
@settings(max_examples=120, deadline=None)
def test_writes_and_reads_as_fastavro(case: tuple[Any, Any]) -> None:
    schema, value = case
    codec = codec_for(schema)
    assert codec.generated
    written = written_by_fastavro(schema, value)
    assert codec.encode(value) == written
    assert same(codec.decode(written), read_by_fastavro(written, schema))


@given(schemas(), st.data())
@settings(max_examples=80, deadline=None)
def test_a_cut_is_always_an_error(schema: Any, data: st.DataObject) -> None:
    codec = codec_for(schema)
    written = codec.encode(data.draw(values(schema)))
    if not written:
        return
    cut = data.draw(st.integers(0, len(written) - 1))
    # Fewer bytes can be a whole value only where the schema takes none at all.
    with pytest.raises(CodecError) as caught:
        codec.decode(written[:cut])
    assert caught.value.offset is not None
    assert caught.value.offset <= cut


@given(schemas(), st.data())
@settings(max_examples=100, deadline=None)
def test_damage_is_an_error_or_what_fastavro_reads(schema: Any, data: st.DataObject) -> None:
    codec = codec_for(schema)
    damaged = bytearray(codec.encode(data.draw(values(schema))))
    if not damaged:
        return
    for _ in range(data.draw(st.integers(1, 3))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    try:
        value = codec.decode(bytes(damaged))
    except CodecError as error:
        assert "at byte" in str(error)
    else:
        assert same(value, read_by_fastavro(bytes(damaged), schema))


@given(schemas(), st.binary(max_size=60))
@settings(max_examples=80, deadline=None)
def test_noise_is_an_error_or_what_fastavro_reads(schema: Any, noise: bytes) -> None:
    try:
        value = codec_for(schema).decode(noise)
    except CodecError:
        return
    assert same(value, read_by_fastavro(noise, schema))


@given(schemas(), st.recursive(st.none() | st.text() | st.integers() | st.floats() | st.binary(), st.lists))
@settings(max_examples=80, deadline=None)
def test_a_value_of_another_type_is_refused_or_written_as_fastavro_does(schema: Any, value: Any) -> None:
    try:
        written = codec_for(schema).encode(value)
    except CodecError:
        return
    assert written == written_by_fastavro(schema, value)


def test_decodes_from_an_offset() -> None:
    codec = codec_for(PERSON)
    assert codec.decode(b"\0\0\0\0\7" + codec.encode(FULL), 5) == FULL


def test_missing_fields_get_their_defaults() -> None:
    codec = codec_for(PERSON)
    read = codec.decode(codec.encode({"name": "An"}))
    assert read.pop("weight") != 0
    assert read == {"name": "An", "born": None, "sex": "female", "tags": [], "seal": b"\xff", "mother": None}


@given(st.sets(st.integers(0, 5)), st.sets(st.integers(0, 5)))
def test_missing_fields_are_written_as_fastavro_does(kept: set[int], null: set[int]) -> None:
    optional = [{"name": f"o{n}", "type": ["null", "string"]} | ({"default": None} if n % 2 else {}) for n in range(4)]
    fields = [
        *optional,
        {"name": "o4", "type": ["long", "null"], "default": 7},
        {"name": "o5", "type": "int", "default": 8},
    ]
    schema = {"type": "record", "name": "R", "fields": fields}
    full: dict[str, Any] = {"o0": "a", "o1": "b", "o2": "c", "o3": "d", "o4": 1, "o5": 2, "unknown": 0}
    value = {
        k: None if int(k[1:]) in null - {5} else v for k, v in full.items() if k[1:].isdigit() and int(k[1:]) in kept
    }
    assert codec_for(schema).encode(value) == written_by_fastavro(schema, value)
    more = {**value, "unknown": 0, "more": 1}
    assert codec_for(schema).encode(more) == codec_for(schema).encode(value)


def test_a_missing_field_without_default_is_named() -> None:
    with pytest.raises(CodecError, match=r"encoding t\.Person: field mother\.name: missing"):
        codec_for(PERSON).encode({**FULL, "mother": {"born": 1}})


@pytest.mark.parametrize(
    ("schema", "value", "message"),
    [
        ("int", 2**31, "an integer of 32 bits and a sign, for a int of 32 bits"),
        ("int", -(2**31) - 1, "for a int of 32 bits"),
        ("long", 2**63, "for a long of 64 bits"),
        ("long", -(2**63) - 1, "for a long of 64 bits"),
        ("long", 1.5, "float where long is expected"),
        ("boolean", "false", "str where boolean is expected"),
        ("double", "1.5", "str where double is expected"),
        ("string", b"a", "bytes where string is expected"),
        ("string", "\ud800", "half of a surrogate pair"),
        ("bytes", "a", "str where bytes is expected"),
        ({"type": "array", "items": "int"}, "abc", "str where an array is expected"),
        ({"type": "array", "items": "int"}, [1, None], r"field \[1\]: null where int is expected"),
        ({"type": "map", "values": "int"}, {1: 1}, "int where string is expected"),
        ({"type": "enum", "name": "E", "symbols": ["A"]}, "B", "none of the 1 symbols of E"),
        ({"type": "fixed", "name": "F", "size": 2}, b"abc", "bytes of 3 where 2 bytes are expected"),
        (["null", "string"], 7, "int where string is expected"),
        (["null", "string", "long"], [], "list where null or string or long is expected"),
    ],
)
def test_refusals_say_why(schema: Any, value: Any, message: str) -> None:
    with pytest.raises(CodecError, match=message):
        codec_for(schema).encode(value)


def test_errors_hold_no_values() -> None:
    personal = "Nguyễn Thị Bí Mật"
    with pytest.raises(CodecError) as caught:
        codec_for(PERSON).encode({**FULL, "sex": personal, "tags": [personal]})
    assert personal not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


@pytest.mark.parametrize(
    ("schema", "data", "message"),
    [
        ("long", b"", "at byte 0: an integer where 0 bytes are left"),
        ("long", b"\xff" * 10 + b"\1", "more than 10 bytes"),
        ("long", b"\xff" * 9 + b"\x7f", "more than 64 bits"),
        ("long", b"\x80\0", "not in the shortest form"),
        ("int", b"\xff\xff\xff\xff\x1f", "more than 32 bits"),
        ("string", b"\x06ab", "at byte 1: a string of 3 bytes where 2 bytes are left"),
        ("string", b"\xfe\xff\xff\xff\xff\xff\xff\xff\xff\1a", "where 1 bytes are left"),
        ("string", b"\1", "a string of -1 bytes"),
        ("string", b"\x04a\xff", "at byte 2: not UTF-8"),
        ("boolean", b"\2", "a boolean of 2"),
        (["null", "string"], b"\4", "index 2 for a branch of the union, which has 2"),
        (["null", "string"], b"\1", "index -1"),
        ({"type": "enum", "name": "E", "symbols": ["A"]}, b"\2", "index 1 for a symbol of E"),
        ({"type": "array", "items": "int"}, b"\xfe\xff\xff\xff\xff\xff\xff\xff\xff\1\2", "an integer where 0 bytes"),
        ({"type": "array", "items": "int"}, b"\1\4\2\0", "a block that ends here instead of at byte 4"),
        ("null", b"\0", "1 bytes are left over"),
        (PERSON, codec_for(PERSON).encode(FULL)[:-2], "at byte 15, field weight: a double where 7 bytes are left"),
    ],
)
def test_damage_is_named_with_its_place(schema: Any, data: bytes, message: str) -> None:
    with pytest.raises(CodecError, match=message):
        codec_for(schema).decode(data)


def test_a_block_may_tell_its_size() -> None:
    schema = {"type": "array", "items": "int"}
    assert codec_for(schema).decode(b"\3\4\2\4\2\6\0") == read_by_fastavro(b"\3\4\2\4\2\6\0", schema) == [1, 2, 3]


def test_a_tuple_names_the_branch() -> None:
    record = {"type": "record", "fields": [{"name": "x", "type": ["null", "long"], "default": None}]}
    schema = ["null", {**record, "name": "A"}, {**record, "name": "B"}, {"type": "array", "items": "long"}]
    for value in (("B", {"x": 3}), ("A", {}), ("array", [1]), {"x": 3}, None, [2]):
        assert codec_for(schema).encode(value) == written_by_fastavro(schema, value)
    with pytest.raises(CodecError, match="names no branch"):
        codec_for(schema).encode(("C", {}))


def test_endless_nesting_is_an_error() -> None:
    codec = codec_for({"type": "record", "name": "R", "fields": [{"name": "r", "type": ["null", "R"]}]})
    endless: dict[str, Any] = {}
    endless["r"] = endless
    with pytest.raises(CodecError, match="nested too deeply"):
        codec.encode(endless)
    with pytest.raises(CodecError, match="nested too deeply"):
        codec.decode(b"\2" * 100_000)


def test_what_the_generator_does_not_reach_is_left_to_fastavro() -> None:
    timestamp = codec_for({"type": "long", "logicalType": "timestamp-micros"})
    assert not timestamp.generated
    read = timestamp.decode(timestamp.encode(1_000_000))
    assert timestamp.encode(read) == written_by_fastavro("long", 1_000_000)
    with pytest.raises(CodecError, match="at byte 0"):
        timestamp.decode(b"")
    with pytest.raises(CodecError, match="encoding long"):
        timestamp.encode("soon")


def test_items_of_no_bytes_cannot_hang_the_reader() -> None:
    nulls = codec_for({"type": "array", "items": "null"})
    assert nulls.decode(nulls.encode([None] * 1000)) == [None] * 1000
    with pytest.raises(CodecError, match="items that take no bytes"):
        nulls.decode(b"\xfe\xff\xff\xff\xff\xff\xff\xff\xff\1\0")


def test_a_codec_is_made_once_and_depends_on_defaults() -> None:
    with_doc = {**PERSON, "doc": "someone"}
    assert codec_for(PERSON) is codec_for(with_doc)
    other = {"type": "record", "name": "R", "fields": [{"name": "x", "type": "long", "default": 1}]}
    another = {"type": "record", "name": "R", "fields": [{"name": "x", "type": "long", "default": 2}]}
    assert codec_for(other).encode({}) != codec_for(another).encode({})


@pytest.mark.parametrize("schema", ["text", {"type": "record"}, {"type": "array"}, ["null", "x.Y"], {}])
def test_bad_schemas_are_refused(schema: Any) -> None:
    with pytest.raises(SchemaError, match="reading an Avro schema"):
        codec_for(schema)
