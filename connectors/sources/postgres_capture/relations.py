"""A table as the stream describes it before its changes, and how its rows are read and named."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from connectors.sources.postgres_capture.shapes import Column, Shape, Shapes
from connectors.sources.postgres_capture.structure import Table
from connectors.sources.postgres_capture.tuples import ReadTuple, tuple_reader, tuple_texts
from schemas.records import Row

_KEY_FLAG: Final = 1


class Untrustworthy(Exception):  # noqa: N818 - reads as what happened
    """What the stream says from here on does not suffice; only a new snapshot mends it. The message says why."""


class Described(NamedTuple):
    """A Relation message. `identified`: columns that the old row of an update or delete brings."""

    oid: int
    identity: str
    columns: tuple[Column, ...]
    identified: frozenset[str]


def parse(message: bytes, place: int) -> Described:
    """A Relation message from the place after its tag."""
    oid = int.from_bytes(message[place : place + 4])
    place = message.index(b"\0", place + 4) + 1
    place = message.index(b"\0", place) + 1
    identity, count = chr(message[place]), int.from_bytes(message[place + 1 : place + 3])
    place += 3
    columns, identified = [], set()
    for _ in range(count):
        flags, end = message[place], message.index(b"\0", place + 1)
        name = message[place + 1 : end].decode()
        columns.append(Column(name, int.from_bytes(message[end + 1 : end + 5])))
        if flags & _KEY_FLAG:
            identified.add(name)
        place = end + 9
    return Described(oid, identity, tuple(columns), frozenset(identified))


@dataclass(frozen=True, slots=True)
class Relation:
    """One structure of one published table. `name_row` takes the row, and its message and place for odd types."""

    table: Table
    resource: str
    entity: str
    other_entities: Sequence[str]
    shape: Shape
    #: The Avro record of a row.
    avro: dict[str, Any]
    primary_key: tuple[str, ...]
    read: ReadTuple
    name_row: Callable[[Row, bytes, int], str]


@dataclass(frozen=True, slots=True)
class Published:
    """A published table: what is known of it beside its structure."""

    table: Table
    entities: tuple[str, ...]
    #: Columns that the entity keys are made of.
    key_columns: frozenset[str]
    shapes: Shapes

    def relation(self, columns: tuple[Column, ...], primary_key: tuple[str, ...]) -> Relation:
        """The table with this structure."""
        shape = self.shapes.of(columns)
        names = [column.name for column in columns]
        return Relation(
            table=self.table,
            resource=self.table.resource,
            entity=self.entities[0],
            other_entities=self.entities[1:],
            shape=shape,
            avro=shape.avro,
            primary_key=primary_key,
            read=tuple_reader(shape.readers),
            name_row=row_namer(shape, primary_key, [names.index(name) for name in primary_key]),
        )

    def described(self, message: Described, primary_keys: Sequence[tuple[str, ...]]) -> Relation:
        """The table as a Relation message describes it, its primary key the first candidate that it has all of.

        Raises Untrustworthy where old rows do not bring what names row and entity.
        """
        present = {column.name for column in message.columns}
        primary_key = next((key for key in primary_keys if key and present.issuperset(key)), None)
        if primary_key is None:
            raise Untrustworthy(f"{self.table.resource} has another primary key than is known")
        needed = (self.key_columns & present) | set(primary_key)
        if message.identity != "f" and self.table.kind == "r" and not needed <= message.identified:
            lacking = ", ".join(sorted(needed - message.identified))
            raise Untrustworthy(f"the replica identity of {self.table.resource} no longer covers {lacking}")
        return self.relation(message.columns, primary_key)


def row_namer(shape: Shape, primary_key: Sequence[str], places: Sequence[int]) -> Callable[[Row, bytes, int], str]:
    """The function that names a row by the text of its primary key."""
    fields = [shape.fields[column] for column in primary_key]
    if not shape.plain.issuperset(primary_key):
        return lambda _, message, place: join_names(tuple_texts(message, place, places))
    if len(fields) == 1:
        field = fields[0]
        return lambda row, _, __: str(row[field])
    return lambda row, _, __: join_names([str(row[field]) for field in fields])


def join_names(texts: Sequence[str | None]) -> str:
    """Several columns as one name: by commas, with those within a text escaped so that no two rows share a name."""
    if len(texts) == 1:
        return texts[0] or ""
    return ",".join((text or "").replace("\\", "\\\\").replace(",", "\\,") for text in texts)


def candidate_keys(
    known: Relation | None, message: Described, declared: Mapping[str, tuple[str, ...]]
) -> list[tuple[str, ...]]:
    """What the primary key may be called at this place of the stream.

    As last seen; as the database or our memory calls it; or renamed since it was last seen: then by its place.
    """
    keys = [*([known.primary_key] if known else []), *declared.values()]
    if known is not None and len(known.shape.fields) == len(message.columns):
        names = list(known.shape.fields)
        keys.append(tuple(message.columns[names.index(column)].name for column in known.primary_key))
    return keys
