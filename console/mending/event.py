"""A raw event out of a dead letter: read as its source wrote it, corrected by hand, keyed as its manifest says."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any, Final, NamedTuple

from console.errors import ConsoleError
from schemas.codec import CodecError, codec_for
from schemas.errors import SchemasError
from schemas.manifest import Publication
from schemas.mapping import MappingError, key_in
from schemas.records import ChangeEvent, Row
from schemas.registry import HEAD, Schemas, frame, unframe
from streams.decode import change_decoder

_DAY_ZERO: Final = date(1970, 1, 1)


class Captured(NamedTuple):
    """A change event and the schema that wrote it; its rows have the source's own column names."""

    schema_id: int
    schema: dict[str, Any]
    event: ChangeEvent


def read(framed: bytes, registry: Schemas) -> Captured:
    """Raises ConsoleError for bytes that are no change event, and what the registry raises."""
    try:
        schema_id, _ = unframe(framed)
        schema = registry.schema(schema_id)
        if schema is None:
            raise ConsoleError(f"reading a quarantined event: the registry knows no schema {schema_id}")
        return Captured(schema_id, schema, change_decoder(schema)(framed, HEAD))
    except CodecError as error:
        raise ConsoleError(
            f"reading a quarantined event: {error}; it can be retried as it is or discarded, not edited"
        ) from error


def write(captured: Captured) -> bytes:
    """Framed, by the schema that it came with. Raises ConsoleError for a value that does not fit."""
    names = {column: field["name"] for column, field in columns(captured.schema).items()}
    event = captured.event.copy()
    event["before"], event["after"] = (_named(event[side], names) for side in ("before", "after"))
    try:
        return frame(captured.schema_id, codec_for(captured.schema).encode(event))
    except SchemasError as error:
        raise ConsoleError(f"writing an edited event: {error}; correct the value") from error


def columns(schema: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Column -> its Avro field, in the source's order."""
    sides = (field["type"] for field in schema["fields"] if field["name"] in ("before", "after"))
    [row] = [branch for side in sides for branch in side if isinstance(branch, dict)]
    return {field.get("column", field["name"]): field for field in row["fields"]}


def edited(captured: Captured, told: Mapping[str, str | None], *, edit: int) -> Captured:
    """The event with these columns of its row as it is now; None empties one. `edit`: its edit revision from now on.

    Raises ConsoleError for a column that is not there, or a text that is no value of its type.
    """
    row = captured.event["after"]
    if row is None:
        raise ConsoleError(
            "editing an event whose row is gone: it has nothing to edit; retry it as it is, or discard it"
        )
    known, values = columns(captured.schema), dict(row)
    for column, text in told.items():
        if column not in known:
            raise ConsoleError(f"editing column {column}: the row has none of this name; it has {', '.join(known)}")
        values[column] = None if text is None else _typed(known[column]["type"], text, column)
    return captured._replace(event={**captured.event, "after": values, "edit": edit})


def home_key(captured: Captured, publication: Publication, system: str) -> str:
    """The record key: that which the row had before the change. Raises ConsoleError where nothing names it."""
    event = captured.event
    try:
        return key_in(publication, system)(event["before"] or event["after"] or {})
    except MappingError as error:
        raise ConsoleError(f"looking for the key of an event of {system}: {error}; set that column, too") from error


def keyed(original: Captured, mended: Captured, publication: Publication, system: str) -> tuple[str, Captured]:
    """The record key, and the event as it is to be sent.

    A row goes by the key that the original had: its owner knows what was said of the row so far. Where the edit makes
    another key, the event takes it there. Raises ConsoleError where nothing names the row.
    """
    event, after = mended.event, mended.event["after"]
    if after is None:
        return home_key(original, publication, system), mended
    new = home_key(mended._replace(event={**event, "before": None}), publication, system)
    try:
        old = home_key(original, publication, system)
    except ConsoleError:
        old = new  # it had none: that was the fault
    return old, mended._replace(event={**event, "new_key": new if new != old else None})


def _named(row: Row | None, names: Mapping[str, str]) -> Row | None:
    return None if row is None else {names[column]: value for column, value in row.items()}


def _typed(avro: Any, text: str, column: str) -> Any:
    branches = avro if isinstance(avro, list) else [avro]
    kinds = {branch["type"] if isinstance(branch, dict) else branch for branch in branches} - {"null"}
    try:
        if "string" in kinds:
            return text
        if "boolean" in kinds:
            return {"true": True, "false": False}[text.lower()]
        if "int" in kinds:
            return int(text) if text.lstrip("-").isdigit() else (date.fromisoformat(text) - _DAY_ZERO).days
        if "long" in kinds:
            return int(text) if text.lstrip("-").isdigit() else _microseconds(text)
        if kinds & {"double", "float"}:
            return float(text)
    except (ValueError, KeyError):
        raise ConsoleError(f"editing column {column}: that is no value of type {', '.join(sorted(kinds))}") from None
    raise ConsoleError(
        f"editing column {column}: its type ({', '.join(sorted(kinds))}) cannot be typed in; see its source"
    )


def _microseconds(text: str) -> int:
    at = datetime.fromisoformat(text)
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return round(at.timestamp() * 1_000_000)
