"""A table's structure as the Avro record of its rows, and the converters that make them."""

import re
from collections.abc import Iterable
from typing import Any, NamedTuple

from connectors.sources.postgres_capture.texts import Convert
from connectors.sources.postgres_capture.types import Types

_NOT_AVRO = re.compile(r"[^A-Za-z0-9_]")


class Column(NamedTuple):
    """A column as the database declares it."""

    name: str
    type_oid: int


class Shape(NamedTuple):
    """`readers`: by column in order, the field of the row and the converter of its text.

    `plain` names the columns whose text is `str` of the value; `fields` the field of each column.
    """

    avro: dict[str, Any]
    readers: list[tuple[str, Convert]]
    fields: dict[str, str]
    plain: frozenset[str]


class Shapes:
    """The shapes of one table's structures: the same object for the same structure, in snapshot and stream."""

    def __init__(self, *, system: str, resource: str, types: Types) -> None:
        self._namespace = f"lienthong.raw.{system}.{avro_name(resource)}"
        self._types = types
        self._known: dict[tuple[Column, ...], Shape] = {}

    def of(self, columns: Iterable[Column]) -> Shape:
        """The shape of these columns, in this order."""
        key = tuple(columns)
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = self._make(key)
        return found

    def _make(self, columns: tuple[Column, ...]) -> Shape:
        fields, readers, plain = [], [], set()
        names = field_names([column.name for column in columns])
        for column, name in zip(columns, names, strict=True):
            known = self._types.of(column.type_oid)
            field = {"name": name, "type": ["null", *known.avro], "default": None, "source_type": known.name}
            fields.append(field if name == column.name else field | {"column": column.name})
            readers.append((name, known.convert))
            if known.plain:
                plain.add(column.name)
        avro = {"type": "record", "name": "Row", "namespace": self._namespace, "fields": fields}
        by_column = dict(zip((column.name for column in columns), names, strict=True))
        return Shape(avro, readers, by_column, frozenset(plain))


def avro_name(name: str) -> str:
    """`name` with what Avro does not allow in names replaced by `_`."""
    found = _NOT_AVRO.sub("_", name)
    return f"_{found}" if not found or found[0].isdigit() else found


def field_names(columns: list[str]) -> list[str]:
    """Field names of columns; a name that Avro allows stays, whatever the others become."""
    taken = {column for column in columns if avro_name(column) == column}
    names = []
    for column in columns:
        name = avro_name(column)
        while name != column and name in taken:
            name += "_"
        taken.add(name)
        names.append(name)
    return names
