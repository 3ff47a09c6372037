"""The rows of all published tables as of the slot's beginning, between markers."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from psycopg import Connection

from connectors.errors import SourceUnavailable
from connectors.sources.postgres_capture.copying import lines
from connectors.sources.postgres_capture.relations import Published
from connectors.sources.postgres_capture.row_events import RowEvents, Stamp
from connectors.sources.postgres_capture.structure import Table, from_clause
from connectors.sources.postgres_capture.tuples import copy_cells
from connectors.values import Change

_ROWS_AT_ONCE: Final = 1000
_BYTES_AT_ONCE: Final = 4_000_000

_REWRITTEN = """
    SELECT count(*) FROM pg_catalog.pg_class c
    WHERE c.oid IN (SELECT %(oid)s UNION ALL SELECT relid FROM pg_partition_tree(%(oid)s))
      AND c.relkind = 'r' AND c.relfilenode IS DISTINCT FROM pg_relation_filenode(c.oid)
"""


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
        events = RowEvents(published)
        yield events.marker("snapshot_begin", stamp, 0)
        yield from _rows(connection, events, published.table, stamp)


def select(table: Table) -> str:
    """The query of a table's rows, as COPY takes it."""
    columns = ", ".join('"' + column.name.replace('"', '""') + '"' for column in table.columns)
    return f"SELECT {columns} FROM {from_clause(table)}"  # noqa: S608 - names are quoted


def _rows(connection: Connection[Any], events: RowEvents, table: Table, stamp: Stamp) -> Iterator[list[Change]]:
    """Ends with the marker of the end."""
    changes: list[Change] = []
    room, ordinal = _BYTES_AT_ONCE, 0
    for line in lines(connection, select(table)):
        ordinal += 1
        cells = copy_cells(line)
        changes += events.read(events.name(cells), events.values(cells), stamp, ordinal)
        room -= len(line)
        if len(changes) >= _ROWS_AT_ONCE or room < 0:
            yield changes
            changes, room = [], _BYTES_AT_ONCE
    yield changes
    yield events.marker("snapshot_end", stamp, ordinal + 1)
