"""From the bytes of a record to an event, by the schema that wrote it.

A value in Kafka is a zero byte, the schema's id in the registry as 4 bytes, and Avro.
"""

from typing import Any

from schemas.codec import CodecError, codec_for
from schemas.dead_letters import Reason
from schemas.errors import SchemasError
from schemas.records import ChangeEvent
from schemas.registry import Decode, Decoder, NotFramed, RegistryRefused, RegistryUnavailable, UnknownSchema
from streams.errors import Unprocessable


class Reader:
    """Decodes framed values by the schema that wrote each, and tells bytes at fault from trouble that passes."""

    def __init__(self, name: str, decoder: Decoder) -> None:
        self._name = name
        self._decode = decoder.decode

    def __call__(self, framed: bytes | None) -> Any:
        """The record. Raises Unprocessable where the bytes are at fault, and what the registry raises."""
        try:
            return self._decode(framed)  # type: ignore[arg-type]  # a tombstone is not framed, either
        except (RegistryUnavailable, RegistryRefused):
            raise
        except SchemasError as error:
            reason = Reason(_code_of(error), f"decoding {self._name}: {error}")
            raise Unprocessable("decode", reason) from error


def _code_of(error: SchemasError) -> str:
    named = ((NotFramed, "not_framed"), (UnknownSchema, "unknown_schema"), (CodecError, "bad_avro"))
    return next((code for kind, code in named if isinstance(error, kind)), "bad_schema")


def change_decoder(schema: dict[str, Any]) -> Decode:
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
