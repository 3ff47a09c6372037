"""The compiled codec against the generated one, on random schemas, values and damaged bytes."""

from collections.abc import Callable
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas import compose
from schemas.codec import CodecError, codec_for, projecting_encoder
from schemas.codec_decode import NotGenerated, generate_decoder
from schemas.codec_encode import generate_encoder
from schemas.codec_nodes import Parsed, parse
from schemas.codec_program import IS_BUILT, native_decoder, native_encoder
from schemas.codec_resolve import resolve
from tests.unit.schemas.avro_cases import same, schemas, schemas_with_value, values

pytestmark = pytest.mark.skipif(not IS_BUILT, reason="it was not built here: no compiler")


class Odd(Exception):  # noqa: N818 - not plainly right
    """In the place of a slow look."""


def _odd(*_: Any) -> Any:
    raise Odd


def _explained(*_: Any) -> Exception:
    return Odd()


def _native(parsed: Parsed) -> tuple[Callable[[Any], bytes], Callable[..., Any]] | None:
    try:
        return native_encoder(parsed.node, _odd), native_decoder(parsed.node, _explained)
    except NotGenerated:
        return None


def _came_of(call: Callable[..., Any], *arguments: Any) -> Any:
    try:
        return call(*arguments)
    except Odd:
        return Odd


@given(schemas_with_value())
@settings(max_examples=100, deadline=None)
def test_writes_and_reads_what_the_generated_one_does(case: tuple[Any, Any]) -> None:
    schema, value = case
    parsed = parse(schema)
    native = _native(parsed)
    if native is None:
        return
    encode, decode = native
    written = generate_encoder(parsed.node, _odd)(value)
    # What it leaves to the slow look it must never write otherwise.
    assert _came_of(encode, value) in (written, Odd)
    assert same(decode(written), generate_decoder(parsed.node, _explained)(written))


@given(schemas(), st.data())
@settings(max_examples=120, deadline=None)
def test_damaged_bytes_are_refused_by_both_or_read_alike(schema: Any, data: st.DataObject) -> None:
    parsed = parse(schema)
    native = _native(parsed)
    damaged = bytearray(codec_for(schema).encode(data.draw(values(schema))))
    if native is None or not damaged:
        return
    for _ in range(data.draw(st.integers(1, 3))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    cut = bytes(damaged[: data.draw(st.integers(0, len(damaged)))])
    by_other = _came_of(generate_decoder(parsed.node, _explained), cut)
    assert same(_came_of(native[1], cut), by_other)


@given(st.binary(max_size=80))
@settings(max_examples=150, deadline=None)
def test_any_bytes_are_a_state_to_both_or_to_none(data: bytes) -> None:
    native, generated = _of_a_state()
    assert same(_came_of(native, data), _came_of(generated, data))


@cache
def _of_a_state() -> tuple[Any, Any]:
    node = parse(compose.for_entity("entity_state", "person")).node
    return native_decoder(node, _explained), generate_decoder(node, _explained)


@pytest.mark.parametrize(
    "odd",
    [
        {"key": 1},
        {"key": "\ud800"},
        {"key": "k", "version": 1 << 64},
        {"key": "k", "version": 1.0},
        {"key": "k", "version": 1, "status": "unknown"},
        {"key": "k", "version": 1, "status": ["live"]},
        [],
        None,
    ],
)
def test_what_does_not_fit_is_left_to_the_slow_look(odd: Any) -> None:
    encode = native_encoder(parse(compose.for_entity("entity_state", "person")).node, _odd)
    with pytest.raises(Odd):
        encode(odd)


def test_what_a_record_lacks_gets_its_default() -> None:
    fields = [_field("a", ["null", "string"]), {**_field("b", "bytes"), "default": "\u00ff"}, _field("c", "string")]
    node = parse({"type": "record", "name": "R", "fields": fields}).node
    assert native_encoder(node, _odd)({"c": "x"}) == generate_encoder(node, _odd)({"c": "x"}) == b"\0\2\xff\2x"
    with pytest.raises(Odd):
        native_encoder(node, _odd)({"a": "x"})


@pytest.mark.parametrize("name", ["entity_state", "forward", "delivery"])
def test_every_shape_of_the_hot_path_is_compiled(name: str) -> None:
    assert _native(parse(compose.for_entity(name, "person"))) is not None


def test_a_reader_that_knows_other_fields() -> None:
    written = {"type": "record", "name": "R", "fields": [_field("gone", "string"), _field("kept", ["null", "long"])]}
    added = [{**_field("list", {"type": "array", "items": "int"}), "default": []}, {**_field("x", "int"), "default": 7}]
    wanted = {**written, "fields": [written["fields"][1], *added]}
    node = resolve(parse(written).node, parse(wanted).node)
    decode, data = native_decoder(node, _explained), codec_for(written).encode({"gone": "a", "kept": 300})
    first = decode(data)
    assert first == generate_decoder(node, _explained)(data) == {"kept": 300, "list": [], "x": 7}
    first["list"].append(1)
    assert decode(data)["list"] == []


def test_a_record_within_itself_ends_somewhere() -> None:
    schema = {"type": "record", "name": "N", "fields": [_field("next", ["null", "N"])]}
    node = parse(schema).node
    deep: Any = None
    for _ in range(100_000):
        deep = {"next": deep}
    with pytest.raises(Odd):
        native_encoder(node, _odd)(deep)
    with pytest.raises(Odd):
        native_decoder(node, _explained)(b"\2" * 100_000 + b"\0")


@pytest.mark.parametrize("make", [native_encoder, generate_encoder])
def test_of_a_projection_nothing_else_is_written(make: Callable[..., Callable[[Any], bytes]]) -> None:
    schema, codec = compose.load("person"), codec_for(compose.load("person"))
    whole = {field["name"]: field["name"] for field in schema["fields"]}
    part = {name: value if name in ("full_name", "ward") else None for name, value in whole.items()}
    assert make(parse(schema).node, _odd, only=["full_name", "ward"])(whole) == codec.encode(part)


def test_a_projection_that_does_not_fit_tells_nothing_of_the_rest() -> None:
    encode = projecting_encoder(compose.load("person"), ["ward"])
    whole = {field["name"]: None for field in compose.load("person")["fields"]} | {"full_name": 5}
    assert encode(whole) == codec_for(compose.load("person")).encode({})
    with pytest.raises(CodecError, match="ward"):
        encode(whole | {"ward": 5})


def _field(name: str, kind: Any) -> dict[str, Any]:
    return {"name": name, "type": kind}
