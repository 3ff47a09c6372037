"""The types of a database: from a type's oid to its Avro type and the converter of its text form."""

from collections.abc import Callable, Iterable
from typing import Any, Final, NamedTuple

from connectors.sources.postgres_capture import texts
from connectors.sources.postgres_capture.arrays import array_of
from connectors.sources.postgres_capture.texts import Convert

#: Every type, the base of a domain, the element of an array. `int2vector` and the like are no arrays.
ROWS_OF_TYPES: Final = """
    SELECT t.oid, t.typname, t.typbasetype, coalesce(e.oid, 0), coalesce(e.typdelim, ',')
    FROM pg_catalog.pg_type t LEFT JOIN pg_catalog.pg_type e ON e.typarray = t.oid
"""


class TypeRow(NamedTuple):
    """One row of ROWS_OF_TYPES; 0 where there is no base or no element."""

    oid: int
    name: str
    base: int
    element: int
    delimiter: str


class PgType(NamedTuple):
    """`avro`: the branches beside null. `plain`: the text of a value is `str` of it."""

    name: str
    avro: list[Any]
    convert: Convert
    plain: bool


_TEXT: Final = PgType("text", ["string"], texts.text, plain=True)

_TYPED: Final[dict[int, PgType]] = {
    16: PgType("bool", ["boolean"], texts.boolean, plain=False),
    17: PgType("bytea", ["bytes"], texts.hexadecimal, plain=False),
    20: PgType("int8", ["long"], int, plain=True),
    21: PgType("int2", ["long"], int, plain=True),
    23: PgType("int4", ["long"], int, plain=True),
    700: PgType("float4", ["double"], float, plain=False),
    701: PgType("float8", ["double"], float, plain=False),
    1082: PgType("date", ["int"], texts.date, plain=False),
    1083: PgType("time", ["long"], texts.time, plain=False),
    1114: PgType("timestamp", ["long"], texts.timestamp, plain=False),
    1184: PgType("timestamptz", ["long"], texts.timestamp_with_zone, plain=False),
}


class Types:
    """Knows each type once; asks the database again when a new one turns up. An oid that is gone is text."""

    def __init__(self, load: Callable[[], Iterable[TypeRow]]) -> None:
        self._load = load
        self._rows: dict[int, TypeRow] = {}
        self._known: dict[int, PgType] = {}

    def of(self, oid: int) -> PgType:
        """The type, under its own name; a domain is typed as its base."""
        found = self._known.get(oid)
        if found is None:
            found = self._known[oid] = self._make(oid)
        return found

    def _make(self, oid: int) -> PgType:
        if oid not in self._rows:
            self._rows = {row.oid: row for row in self._load()}
        row = self._rows.get(oid)
        if row is None:
            return _TEXT._replace(name=f"oid {oid}")
        if row.base:
            return self._make(row.base)._replace(name=row.name)
        if row.element:
            element = self._make(row.element)
            items = {"type": "array", "items": ["null", *element.avro]}
            return PgType(row.name, [items, "string"], array_of(element.convert, row.delimiter), plain=False)
        return _TYPED.get(oid, _TEXT)._replace(name=row.name)
