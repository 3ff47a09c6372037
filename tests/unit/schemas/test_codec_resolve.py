"""Reading with another schema than the writer's, against fastavro."""

from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.codec import CodecError, codec_for, resolving_decoder
from schemas.codec_resolve import IncompatibleSchema
from tests.unit.schemas.avro_cases import read_by_fastavro, same, schemas, values, written_by_fastavro


def record(*fields: tuple[Any, ...], name: str = "R") -> dict[str, Any]:
    """A record of (name, type[, default]) fields."""
    keys = ("name", "type", "default")
    return {"type": "record", "name": name, "fields": [dict(zip(keys, field, strict=False)) for field in fields]}


#: Defaults for the types that a drawn reader may add.
_ADDED = [("long", 5), ("string", "Đà"), (["null", "string"], None), ({"type": "array", "items": "int"}, [1, 2])]
_PROMOTED = {"int": ["long", "float", "double"], "long": ["double"], "float": ["double"], "string": ["bytes"]}


def evolved(schema: Any, data: st.DataObject) -> Any:
    """A reader of `schema`: fields dropped and added, types promoted or made optional, here and there."""
    reader = deepcopy(schema)
    _evolve(reader, data)
    return reader


def _evolve(schema: Any, data: st.DataObject) -> None:
    if isinstance(schema, list):
        for branch in schema:
            _evolve(branch, data)
    if not isinstance(schema, dict):
        return
    for part in ("items", "values"):
        _evolve(schema.get(part), data)
    fields = schema.get("fields", [])
    for field in list(fields):
        _evolve(field["type"], data)
        choice = data.draw(st.integers(0, 8)) if isinstance(field["type"], str) else 8
        if choice == 0:
            fields.remove(field)
        elif choice == 1 and field["type"] != "null":
            field["type"] = ["null", field["type"]]
        elif choice == 2 and field["type"] in _PROMOTED:
            field["type"] = data.draw(st.sampled_from(_PROMOTED[field["type"]]))
    if "fields" in schema and data.draw(st.booleans()):
        kind, default = data.draw(st.sampled_from(_ADDED))
        fields.insert(0, {"name": "added", "type": kind, "default": default})


@given(schemas(), st.data())
@settings(max_examples=100, deadline=None)
def test_resolves_as_fastavro(writer: Any, data: st.DataObject) -> None:
    reader = evolved(writer, data)
    written = written_by_fastavro(writer, data.draw(values(writer)))
    read = resolving_decoder(writer, reader)(written)
    assert same(_sorted(read), _sorted(read_by_fastavro(written, writer, reader)))


def _sorted(value: Any) -> Any:
    """Records in one order: a dict's order is no part of its value."""
    if isinstance(value, dict):
        return {key: _sorted(value[key]) for key in sorted(value)}
    return [_sorted(item) for item in value] if isinstance(value, list) else value


@given(schemas(), st.data())
@settings(max_examples=100, deadline=None)
def test_a_cut_is_always_an_error(writer: Any, data: st.DataObject) -> None:
    written = codec_for(writer).encode(data.draw(values(writer)))
    if not written:
        return
    decode = resolving_decoder(writer, evolved(writer, data))
    with pytest.raises(CodecError):
        decode(written[: data.draw(st.integers(0, len(written) - 1))])


def test_the_same_schema_is_read_by_its_codec() -> None:
    schema = record(("x", "long"))
    assert resolving_decoder(schema, {**schema, "doc": "x"}) is codec_for(schema).decode


def test_a_default_is_a_new_object_each_time() -> None:
    reader = record(
        ("x", "long"),
        ("tags", {"type": "array", "items": "string"}, ["a"]),
        ("m", {"type": "map", "values": "int"}, {}),
    )
    decode = resolving_decoder(record(("x", "long")), reader)
    first = decode(b"\2")
    first["tags"].append("b")
    first["m"]["k"] = 1
    assert decode(b"\2") == {"x": 1, "tags": ["a"], "m": {}}


def test_defaults_are_of_their_type() -> None:
    reader = record(
        ("b", "bytes", "\u00ff"),
        ("f", "double", 1),
        ("u", ["long", "null"], 7),
        ("n", record(("y", "long", 3), name="N"), {}),
    )
    assert resolving_decoder(record(), reader)(b"") == {"b": b"\xff", "f": 1.0, "u": 7, "n": {"y": 3}}


def test_aliases_rename() -> None:
    reader = {"type": "record", "name": "R", "fields": [{"name": "new", "type": "long", "aliases": ["old"]}]}
    assert resolving_decoder(record(("old", "long")), reader)(b"\6") == {"new": 3}


def test_strings_and_bytes_read_as_each_other() -> None:
    written = codec_for("bytes").encode("Đ".encode())
    assert resolving_decoder("bytes", "string")(written) == "Đ"
    assert resolving_decoder("string", "bytes")(written) == "Đ".encode()
    with pytest.raises(CodecError, match="not UTF-8"):
        resolving_decoder("bytes", "string")(b"\2\xff")


@pytest.mark.parametrize(
    ("writer", "reader", "message"),
    [
        (record(("x", "long")), record(("x", "long"), ("y", "long")), "y: a new field without a default"),
        (record(("x", "long")), record(("x", "int")), "x: long was written, int is wanted"),
        (record(("x", "string")), record(("x", ["null", "long"])), "x: string was written, null or long is wanted"),
        (record(), record(name="Other"), "R was written, Other is wanted"),
    ],
)
def test_what_can_never_be_read_is_refused_at_once(writer: Any, reader: Any, message: str) -> None:
    with pytest.raises(IncompatibleSchema, match=message):
        resolving_decoder(writer, reader)


def test_a_branch_or_symbol_unknown_to_the_reader_fails_only_when_met() -> None:
    decode = resolving_decoder(record(("x", ["null", "string"])), record(("x", "string")))
    assert decode(b"\2\2a") == {"x": "a"}
    with pytest.raises(CodecError, match="field x: null was written, string is wanted"):
        decode(b"\0")
    symbols = {"type": "enum", "name": "E", "symbols": ["A", "B"]}
    decode = resolving_decoder(symbols, {**symbols, "symbols": ["A"]})
    assert decode(b"\0") == "A"
    with pytest.raises(CodecError, match="a symbol of E that the reader does not know"):
        decode(b"\2")
    assert resolving_decoder(symbols, {**symbols, "symbols": ["A"], "default": "A"})(b"\2") == "A"


def test_a_part_that_fails_in_a_union_still_fails_outside_it() -> None:
    part, wider = record(("a", "long"), name="P"), record(("a", "long"), ("b", "long"), name="P")
    writer = record(("x", ["null", part]), ("y", "P"))
    with pytest.raises(IncompatibleSchema, match=r"y\.b: a new field without a default"):
        resolving_decoder(writer, record(("x", ["null", wider]), ("y", "P")))
