"""From the bytes of a record to an event, by the schema that wrote it.

A value in Kafka is a zero byte, the schema's id in the registry as 4 bytes, and Avro.
"""

from collections.abc import Callable
from typing import Any, Protocol

from schemas.codec import CodecError, codec_for
from schemas.dead_letters import Reason
from schemas.errors import SchemasError
from schemas.records import ChangeEvent
from schemas.registry import HEAD
from streams.errors import Unprocessable

Decoder = Callable[..., Any]


class Registry(Protocol):
    """What is asked of the schema registry. Trouble in reaching it is raised as it is, and never costs a record."""

    def register(self, subject: str, schema: dict[str, Any]) -> int:
        """The id of the schema under the subject."""

    def schema(self, schema_id: int) -> dict[str, Any] | None:
        """The schema of an id; None where the registry answers that there is no such id."""


class Reader:
    """Decodes framed values by the schema that wrote each. `make` turns a writer's schema into a decoder."""

    def __init__(self, name: str, registry: Registry, make: Callable[[dict[str, Any]], Decoder]) -> None:
        self._name = name
        self._registry = registry
        self._make = make
        self._decoders: dict[bytes, Decoder] = {}

    def __call__(self, framed: bytes | None) -> Any:
        """The record. Raises Unprocessable where the bytes are at fault."""
        if framed is None or len(framed) < HEAD or framed[0]:
            raise _undecodable("not_framed", f"decoding {self._name}: no schema id in front; see who wrote it")
        decoder = self._decoders.get(framed[:HEAD])
        try:
            return (decoder or self._learn(framed[:HEAD]))(framed, HEAD)
        except CodecError as error:
            raise _undecodable("bad_avro", str(error)) from error

    def _learn(self, head: bytes) -> Decoder:
        schema_id = int.from_bytes(head[1:], "big")
        schema = self._registry.schema(schema_id)
        if schema is None:
            raise _undecodable("unknown_schema", f"decoding {self._name}: no schema {schema_id} in the registry")
        try:
            decoder = self._decoders[head] = self._make(schema)
        except SchemasError as error:
            raise _undecodable("bad_schema", f"decoding {self._name}: schema {schema_id}: {error}") from error
        return decoder


def change_decoder(schema: dict[str, Any]) -> Decoder:
    """The decoder of change events over one source structure; rows come by the source's own column names."""
    decode = codec_for(schema).decode
    renamed = _renamed_columns(schema)
    if not renamed:
        return decode

    def decode_renaming(framed: bytes, offset: int = 0) -> ChangeEvent:
        event: ChangeEvent = decode(framed, offset)
        for side in ("before", "after"):
            row = event[side]
            if row is not None:
                event[side] = {renamed.get(name, name): value for name, value in row.items()}
        return event

    return decode_renaming


def _renamed_columns(schema: dict[str, Any]) -> dict[str, str]:
    """Field name -> column name, where a column's own name is none that Avro allows."""
    fields = {field["name"]: field["type"] for field in schema.get("fields", ())}
    rows = (branch for side in ("before", "after") for branch in fields.get(side, ()) if isinstance(branch, dict))
    return {f["name"]: f["column"] for row in rows for f in row["fields"] if f.get("column", f["name"]) != f["name"]}


def _undecodable(code: str, message: str) -> Unprocessable:
    return Unprocessable("decode", Reason(code, message))
