"""Rows into the tables of the store, many at a time; which ranges are there already."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from psycopg import Connection

from console.reading import Place
from console.store.repeats import Known
from console.store.sorting import Sorted
from console.store.stretches import Stretch
from schemas.records import DeadLetter, Outcome

_PLACE: Final = ("result", "system", "entity", "topic", "partition", "first")
_TIMES: Final = ("oldest_source_time", "newest_source_time", "time", "process")
_RANGE: Final = (*_PLACE, "last", "count", *_TIMES)
_EXCEPTION: Final = (*_PLACE, "reason", "field", "event_id", *_TIMES[1:])
_CAPTURE: Final = ("system", "entity", "epoch", "first", "last", "count", "event_id", *_TIMES)
_LETTER: Final = (
    *("id", "system", "entity", "stage", "reason", "message", "field", "event_id", "trace_id", "topic"),
    *("partition", "offset", "time", "revision", "key_id", "payload"),
)
_TYPES: Final = {
    "exceptions": ("uuid", *("text",) * 4, "int", "bigint", *("text",) * 3, "bigint", "bigint", "text"),
    "captures": ("uuid", "text", "text", *("bigint",) * 4, "text", *("bigint",) * 3, "text"),
    "dead_letters": (*("text",) * 10, "int", "bigint", "bigint", "bigint", "text", "bytea"),
}


def copy_ranges(connection: Connection[Any], rows: Sequence[Outcome]) -> None:
    """Appends them."""
    if rows:
        with connection.cursor() as cursor, cursor.copy("COPY ranges FROM STDIN") as copy:
            for row in rows:
                copy.write_row(_values(row, _RANGE))


def copy_stretches(connection: Connection[Any], standing: Mapping[Place, Sequence[Stretch]]) -> None:
    """Appends them."""
    if standing:
        with connection.cursor() as cursor, cursor.copy("COPY stretches FROM STDIN") as copy:
            for place, each in standing.items():
                for s in each:
                    copy.write_row((*place, s.first, s.last, s.gaps, s.oldest, s.newest))


def overlapping(connection: Connection[Any], outcome: Outcome) -> list[Known]:
    """What is kept of the same kind with which the range shares offsets, in order."""
    found = connection.execute(
        "SELECT first, last, count FROM ranges WHERE topic = %s AND partition = %s AND first <= %s AND last >= %s "
        "AND result = %s AND system = %s ORDER BY first",
        _values(outcome, ("topic", "partition", "last", "first", "result", "system")),
    )
    return [Known(*row) for row in found]


def insert_exceptions(connection: Connection[Any], found: Sorted) -> list[UUID]:
    """The ids of those that are new."""
    rows = [(key, *_values(row, _EXCEPTION)) for key, row in found.exceptions.items()]
    return _insert(connection, "exceptions", rows)


def insert_captures(connection: Connection[Any], found: Sorted) -> list[UUID]:
    """The ids of those that are new."""
    return _insert(connection, "captures", [(key, *_values(row, _CAPTURE)) for key, row in found.captures.items()])


def insert_letters(connection: Connection[Any], letters: Iterable[DeadLetter]) -> list[str]:
    """The ids of those that are new."""
    return _insert(connection, "dead_letters", [_values(letter, _LETTER) for letter in letters])


def columns(rows: Iterable[Sequence[Any]], width: int) -> list[list[Any]]:
    """For `unnest`: the rows as `width` arrays."""
    return [list(column) for column in zip(*rows, strict=True)] or [[] for _ in range(width)]


def _insert(connection: Connection[Any], table: str, rows: Sequence[Sequence[Any]]) -> list[Any]:
    """The id is the first column."""
    if not rows:
        return []
    types = _TYPES[table]
    arrays = ", ".join(f"%s::{name}[]" for name in types)
    statement = f"INSERT INTO {table} SELECT * FROM unnest({arrays}) ON CONFLICT DO NOTHING RETURNING id"  # noqa: S608 - ours
    return [key for (key,) in connection.execute(statement.encode(), columns(rows, len(types)))]


def _values(record: Mapping[str, Any], names: Sequence[str]) -> list[Any]:
    return [record[name] for name in names]
