"""Avro for the hot path: an encoder and a decoder per schema, byte for byte what fastavro writes and reads.

They are compiled where that was possible (`codec_program`), else generated in Python. What neither reaches (logical
types, arrays of items that take no bytes, enums and unions of more than 64 members) is left to fastavro whole;
`Codec.generated` says which. Unlike fastavro, integers out of range, strings for numbers, bytes after the record and
integers not in the shortest form are refused.
"""

import io
import json
from collections.abc import Callable, Collection
from dataclasses import dataclass
from threading import Lock
from typing import Any, Final, TypeVar

import fastavro

from schemas.codec_check import misfit
from schemas.codec_decode import NotGenerated, generate_decoder
from schemas.codec_encode import generate_encoder
from schemas.codec_errors import CodecError
from schemas.codec_locate import check
from schemas.codec_nodes import JsonSchema, Node, Parsed, SchemaError, parse
from schemas.codec_program import native_decoder, native_encoder
from schemas.codec_resolve import resolve

__all__ = ["Codec", "CodecError", "JsonSchema", "SchemaError", "codec_for", "projecting_encoder", "resolving_decoder"]


@dataclass(frozen=True, slots=True)
class Codec:
    """Plain functions: bind them once, call them per record.

    `encode(record) -> bytes` and `decode(data, offset=0) -> record`, which reads to the end of `data`; both raise
    CodecError.
    """

    name: str
    encode: Callable[[Any], bytes]
    decode: Callable[..., Any]
    generated: bool


T = TypeVar("T")

_codecs: dict[str, Codec] = {}
_decoders: dict[tuple[str, str], Callable[..., Any]] = {}
_lock: Final = Lock()


def codec_for(schema: JsonSchema) -> Codec:
    """The codec of a schema, made once in a process. Raises SchemaError."""
    parsed = parse(schema)
    key = _key(parsed)
    with _lock:
        if key not in _codecs:
            _codecs[key] = _make(parsed)
        return _codecs[key]


def resolving_decoder(writer: JsonSchema, reader: JsonSchema) -> Callable[..., Any]:
    """`decode(data, offset=0)` of what `writer` wrote, as `reader` sees it: fields added, dropped, promoted, renamed.

    Raises IncompatibleSchema where Avro's rules allow no such reading.
    """
    written, wanted = parse(writer), parse(reader)
    keys = _key(written), _key(wanted)
    if keys[0] == keys[1]:
        return codec_for(writer).decode
    with _lock:
        if keys not in _decoders:
            _decoders[keys] = _make_resolving(written, wanted)
        return _decoders[keys]


def projecting_encoder(schema: JsonSchema, fields: Collection[str]) -> Callable[[Any], bytes]:
    """The encoder of a record of which only these fields are written, and all others as null. Raises SchemaError.

    It takes the whole record and raises CodecError.
    """
    parsed, only = parse(schema), frozenset(fields)
    whole = _Fallback(parsed)

    def slowly(value: Any, error: Exception) -> bytes:
        return whole.encode_odd({name: held for name, held in value.items() if name in only}, error)

    try:
        return _first(native_encoder, generate_encoder)(parsed.node, slowly, only=only)
    except NotGenerated:
        return lambda value: whole.encode({name: held for name, held in value.items() if name in only})


def _key(parsed: Parsed) -> str:
    """Full names and everything else but the docs: coding depends on defaults, aliases and logical types too."""
    return json.dumps(_without_docs(parsed.schema), sort_keys=True)


def _without_docs(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_without_docs(branch) for branch in schema]
    if isinstance(schema, dict):
        return {
            key: value if key == "default" else _without_docs(value) for key, value in schema.items() if key != "doc"
        }
    return schema


def _make(parsed: Parsed) -> Codec:
    fallback = _Fallback(parsed)
    if not parsed.logical:
        try:
            encode = _first(native_encoder, generate_encoder)(parsed.node, fallback.encode_odd)
            decode = _first(native_decoder, generate_decoder)(parsed.node, fallback.explain)
            return Codec(parsed.title, encode, decode, generated=True)
        except NotGenerated:
            pass
    return Codec(parsed.title, fallback.encode, fallback.decode, generated=False)


def _make_resolving(written: Parsed, wanted: Parsed) -> Callable[..., Any]:
    node = resolve(written.node, wanted.node)
    fallback = _Fallback(written, reader=wanted, node=node)
    if not (written.logical or wanted.logical):
        try:
            return _first(native_decoder, generate_decoder)(node, fallback.explain)
        except NotGenerated:
            pass
    return fallback.decode


def _first(native: Callable[..., T], generate: Callable[..., T]) -> Callable[..., T]:
    """The compiled function, or the generated one where the compiled codec was not built or does not reach."""

    def make(*arguments: Any, **more: Any) -> T:
        try:
            return native(*arguments, **more)
        except NotGenerated:
            return generate(*arguments, **more)

    return make


class _Fallback:
    """fastavro, with our errors."""

    def __init__(self, parsed: Parsed, *, reader: Parsed | None = None, node: Node | None = None) -> None:
        self._name = parsed.title
        self._node = node or parsed.node
        self._logical = parsed.logical
        # fastavro parses a schema without its hint again for every record.
        self._schema = fastavro.parse_schema(parsed.schema)
        self._reader = fastavro.parse_schema(reader.schema) if reader else None

    def encode(self, value: Any) -> bytes:
        out = io.BytesIO()
        why = None if self._logical else self._misfit(value)
        if why is None:
            try:
                fastavro.schemaless_writer(out, self._schema, value)
                return out.getvalue()
            except Exception as error:
                # Its message would hold the value.
                why = f"refused by fastavro ({type(error).__name__})"
        raise CodecError(f"encoding {self._name}: {why}; correct the value or the schema")

    def encode_odd(self, value: Any, error: Exception) -> bytes:
        """What the generated encoder did not take: written all the same where it fits."""
        if isinstance(error, RecursionError):
            raise CodecError(f"encoding {self._name}: nested too deeply") from None
        try:
            return self.encode(value)
        except CodecError as refusal:
            raise refusal from None

    def decode(self, data: bytes, offset: int = 0) -> Any:
        check(self._node, data, offset)
        source = io.BytesIO(data)
        source.seek(offset)
        try:
            return fastavro.schemaless_reader(source, self._schema, self._reader)
        except Exception as error:
            raise self.explain(data, offset, error) from None

    def explain(self, data: bytes, offset: int, error: Exception) -> CodecError:
        """What to raise for bytes that could not be decoded."""
        try:
            check(self._node, data, offset)
        except CodecError as found:
            return found
        return CodecError(f"decoding {self._name}: {type(error).__name__} in {len(data)} bytes", offset=offset)

    def _misfit(self, value: Any) -> str | None:
        try:
            return misfit(self._node, value)
        except RecursionError:
            return "nested too deeply"
