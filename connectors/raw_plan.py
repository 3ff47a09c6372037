"""How the changes of one shape become records of `raw.<system>.<entity>`."""

from collections.abc import Callable
from typing import Any, Final, NamedTuple

from schemas import compose, topics
from schemas.manifest import Manifest, Publication
from schemas.mapping import MappingError, key_in
from schemas.records import ChangeEvent, Row
from schemas.registry import Registry, Writer

Header = tuple[str, bytes]

_OPERATIONS: Final = ("read", "create", "update", "delete", "truncate", "snapshot_begin", "snapshot_end")


class Plan(NamedTuple):
    """`headers`: those that depend on nothing but the operation. `shape` is held so that its identity stays its own."""

    shape: dict[str, Any]
    topic: str
    encode: Callable[[Any], bytes]
    key: Callable[[ChangeEvent], str]
    headers: dict[str, list[Header]]


def make_plan(registry: Registry, manifest: Manifest, entity: str, resource: str, shape: dict[str, Any]) -> Plan:
    """Registers the schema of these changes. Raises what `Registry.register` raises."""
    topic = topics.raw(manifest.system, entity)
    subject = f"{topic}-value"
    # Readers decode by the writer's schema: a source's DDL may do anything.
    registry.set_compatibility(subject, "NONE")
    [publication] = [found for found in manifest.publishes[entity] if found.resource == resource]
    return Plan(
        shape=shape,
        topic=topic,
        encode=Writer(registry, subject, compose.for_row(shape)).encode,
        key=_key_of(_row_key(publication, manifest.system, shape)),
        headers={operation: _headers(manifest.system, resource, entity, operation) for operation in _OPERATIONS},
    )


def _headers(system: str, resource: str, entity: str, operation: str) -> list[Header]:
    return [
        ("ce_specversion", b"1.0"),
        ("ce_source", f"/systems/{system}/{resource}".encode()),
        ("ce_type", f"vn.lienthong.{entity}.{operation}".encode()),
    ]


def _row_key(publication: Publication, system: str, shape: dict[str, Any]) -> Callable[[Row], str]:
    """The function from a row of this shape to its entity key."""
    fields = {field.get("column", field["name"]): field["name"] for field in shape["fields"]}
    missing = [column for column in publication.key.columns if column not in fields]
    if missing:
        return _refusing(publication, missing[0])
    key = key_in(publication, system)
    renamed = {column: fields[column] for column in publication.key.columns if fields[column] != column}
    if not renamed:
        return key
    columns = {column: fields[column] for column in publication.key.columns}
    return lambda row: key({column: row[field] for column, field in columns.items()})


def _refusing(publication: Publication, column: str) -> Callable[[Row], str]:
    """Without its key column a row must not silently get another key."""
    message = f"{publication.resource} has no such column any more; correct `key` in the manifest"

    def refuse(_: Row) -> str:
        raise MappingError(field="key", column=column, reason="missing_column", message=message)

    return refuse


def _key_of(row_key: Callable[[Row], str]) -> Callable[[ChangeEvent], str]:
    """The function from an event to its record key; where the change alters the key, the new one is noted in it."""

    def key(event: ChangeEvent) -> str:
        before, after = event["before"], event["after"]
        if after is None:
            return row_key(before or {})
        new = row_key(after)
        if before is None:
            return new
        old = row_key(before)
        if old != new:
            event["new_key"] = new
        return old

    return key
