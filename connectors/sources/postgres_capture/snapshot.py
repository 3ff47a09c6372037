"""The rows of all published tables as of the slot's beginning, between markers."""

import time
from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple

from psycopg import Connection

from connectors.errors import SourceUnavailable
from connectors.sources.postgres_capture.copying import lines
from connectors.sources.postgres_capture.relations import Published, join_names
from connectors.sources.postgres_capture.shapes import Shape
from connectors.sources.postgres_capture.structure import Table, from_clause
from connectors.sources.postgres_capture.tuples import copy_cells, row_of_cells
from connectors.values import Change
from schemas.records import ChangeEvent, Operation, Row

_ROWS_AT_ONCE: Final = 1000
_BYTES_AT_ONCE: Final = 4_000_000

_REWRITTEN = """
    SELECT count(*) FROM pg_catalog.pg_class c
    WHERE c.oid IN (SELECT %(oid)s UNION ALL SELECT relid FROM pg_partition_tree(%(oid)s))
      AND c.relkind = 'r' AND c.relfilenode IS DISTINCT FROM pg_relation_filenode(c.oid)
"""


class Stamp(NamedTuple):
    """What all events of one snapshot share: `commit` is their position, `time` the server's clock."""

    system: str
    epoch: int
    commit: int
    time: int


def enter(connection: Connection[Any], snapshot: str, tables: Sequence[Table]) -> int:
    """Begin to see the database as of the slot's beginning; the server's time in microseconds since 1970.

    Raises SourceUnavailable where a table was rewritten since: its old rows are no longer there to be read.
    """
    connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
    connection.execute(f"SET TRANSACTION SNAPSHOT '{snapshot}'")
    connection.execute(f"LOCK TABLE {', '.join(from_clause(table) for table in tables)} IN ACCESS SHARE MODE")
    for table in tables:
        rewritten = connection.execute(_REWRITTEN, {"oid": table.oid}).fetchone()
        if rewritten and rewritten[0]:
            raise SourceUnavailable(
                f"reading {table.resource}: it was rewritten while the snapshot began; trying again"
            )
    now = connection.execute("SELECT (extract(epoch FROM now()) * 1000000)::bigint").fetchone()
    return int(now[0]) if now else 0


def read(connection: Connection[Any], tables: Sequence[Published], stamp: Stamp) -> Iterator[list[Change]]:
    """All rows, table by table, some at a time. Raises psycopg.Error."""
    for published in tables:
        shape = published.shapes.of(published.table.columns)
        reader = _Reader(published, shape, stamp)
        yield reader.marker("snapshot_begin")
        yield from reader.rows(connection)
        yield reader.marker("snapshot_end")


def select(table: Table) -> str:
    """The query of a table's rows, as COPY takes it."""
    columns = ", ".join('"' + column.name.replace('"', '""') + '"' for column in table.columns)
    return f"SELECT {columns} FROM {from_clause(table)}"  # noqa: S608 - names are quoted


class _Reader:
    def __init__(self, published: Published, shape: Shape, stamp: Stamp) -> None:
        self._published = published
        self._shape = shape
        self._stamp = stamp
        self._ordinal = -1
        names = [column.name for column in published.table.columns]
        self._key_places = [names.index(column) for column in published.table.primary_key]

    def rows(self, connection: Connection[Any]) -> Iterator[list[Change]]:
        changes: list[Change] = []
        room = _BYTES_AT_ONCE
        for line in lines(connection, select(self._published.table)):
            cells = copy_cells(line)
            self._add(changes, "read", self._name(cells), row_of_cells(self._shape.readers, cells))
            room -= len(line)
            if len(changes) >= _ROWS_AT_ONCE or room < 0:
                yield changes
                changes, room = [], _BYTES_AT_ONCE
        yield changes

    def marker(self, operation: Operation) -> list[Change]:
        changes: list[Change] = []
        self._add(changes, operation, "", None)
        return changes

    def _name(self, cells: Sequence[bytes | None]) -> str:
        if len(self._key_places) == 1:
            return (cells[self._key_places[0]] or b"").decode("utf-8", "surrogateescape")
        return join_names([(cells[place] or b"").decode("utf-8", "surrogateescape") for place in self._key_places])

    def _add(self, changes: list[Change], operation: Operation, name: str, row: Row | None) -> None:
        self._ordinal += 1
        event: ChangeEvent = {
            "operation": operation,
            "system": self._stamp.system,
            "resource": self._published.table.resource,
            "row": name,
            "previous_row": None,
            "new_key": None,
            "epoch": self._stamp.epoch,
            "commit": self._stamp.commit,
            "ordinal": self._ordinal,
            "edit": 0,
            "transaction": None,
            "source_time": self._stamp.time,
            "captured_time": time.time_ns() // 1000,
            "before": None,
            "after": row,
        }
        changes.append(Change(self._published.entities[0], event, self._shape.avro))
        for entity in self._published.entities[1:]:
            changes.append(Change(entity, event.copy(), self._shape.avro))
