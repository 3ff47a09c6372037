"""Reads the rows of a table behind a primary key, without waiting for them: see `resync.Reader`."""

from collections.abc import Callable, Sequence
from typing import Any, Final

import psycopg
from psycopg import Connection
from psycopg.pq import Escaping

from connectors.errors import SourceUnavailable
from connectors.sources.postgres_capture import lsn, publication, session, visibility
from connectors.sources.postgres_capture.chunk import Begun, RowRead
from connectors.sources.postgres_capture.copying import Copying
from connectors.sources.postgres_capture.database import Database
from connectors.sources.postgres_capture.jobs import Job
from connectors.sources.postgres_capture.memories import KeptKey
from connectors.sources.postgres_capture.relations import Untrustworthy
from connectors.sources.postgres_capture.resync import GATE_SECONDS
from connectors.sources.postgres_capture.row_events import RowEvents
from connectors.sources.postgres_capture.snapshot import select
from connectors.sources.postgres_capture.structure import Table, from_clause, read_table
from connectors.sources.postgres_capture.tuples import copy_cells
from connectors.sources.postgres_capture.visibility import Seen

_FLUSHES_MESSAGES: Final = 170000
_LOCK_TIMEOUT: Final = "100ms"
_SEEN: Final = "SELECT txid_current_snapshot()::text, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint"
_ESTIMATE: Final = """
    SELECT coalesce(sum(greatest(c.reltuples, 0)), 0)::bigint FROM pg_catalog.pg_class c
    WHERE c.relkind = 'r' AND c.oid IN (SELECT %(oid)s UNION ALL SELECT relid FROM pg_partition_tree(%(oid)s))
"""
_AWAITS_STANDBY: Final = "SELECT current_setting('synchronous_standby_names') <> ''"


def emit(connection: Connection[Any]) -> int:
    """A place in the WAL behind everything that was committed so far; the stream comes there at once.

    What has been decoded by now was committed before it, what is committed from now on stands behind it.
    """
    # The older form comes with a commit of its own, which is flushed: what is not flushed is not streamed.
    flushed = connection.info.server_version >= _FLUSHES_MESSAGES
    arguments = "false, 'lienthong', '', true" if flushed else "true, 'lienthong', ''"
    found = connection.execute(f"SELECT pg_logical_emit_message({arguments})::text").fetchone()
    return lsn.parse(found[0]) if found else 0


class Chunks:
    """`database` is for short statements; rows are read by a connection of its own. Methods raise psycopg.Error."""

    def __init__(
        self,
        database: Database,
        connect: Callable[[], Connection[Any]],
        *,
        publication_name: str,
        tables: Sequence[Table],
        key_of: Callable[[str], KeptKey],
    ) -> None:
        """`key_of` a resource: its primary key as it is known since its rows were read first."""
        self._database = database
        self._spelled = {table.resource: from_clause(table) for table in tables}
        self._connect = connect
        self._connection: Connection[Any] | None = None
        self._key_of = key_of
        self._publication = publication_name
        self._tables: dict[str, tuple[Table, RowEvents]] = {}
        self._reading: tuple[Copying, RowEvents] | None = None
        found = database.connection.execute(_AWAITS_STANDBY).fetchone()
        self.gate_seconds = float("inf") if found and found[0] else GATE_SECONDS

    def seen(self) -> Seen:
        """See Reader."""
        return _look(self._database.connection)[0]

    def open_transactions(self) -> frozenset[int]:
        """See Reader."""
        # The newest are not in a snapshot's list while none that began after them has ended.
        self._database.connection.execute("SELECT txid_current()")
        return self.seen().running

    def begin(self, job: Job, limit: int, trust: Callable[[Seen], bool]) -> Begun | None:
        """See Reader. Raises Untrustworthy where the table has another primary key now."""
        if self._connection is None:
            self._connection = self._connect()
        reading = self._connection
        reading.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        try:
            table, events = self._lock(reading, job.resource)
        except psycopg.errors.LockNotAvailable:
            self.abandon()
            return None
        seen, time = _look(reading)
        if not trust(seen):
            self.abandon()
            return None
        # Behind all that `seen` sees; the stream comes there only after everything that was committed before.
        high = emit(self._database.connection)
        query = _query(reading, table, job.key(), limit)
        self._reading = Copying(reading, query), events
        return Begun(high, time, self._estimate(table), events)

    def take(self) -> list[RowRead] | None:
        """See Reader."""
        if self._reading is None:
            return None
        copying, events = self._reading
        rows = []
        for line in copying.take():
            cells = copy_cells(line)
            rows.append(RowRead(events.name(cells), events.key(cells), events.values(cells), len(line)))
        if copying.ended and not rows:
            self.abandon()
            return None
        return rows

    def abandon(self) -> None:
        """See Reader."""
        if self._reading is not None:
            self._reading[0].drop()  # at once where all has been taken
        self._reading = None
        if self._connection is not None:
            self._connection.execute("ROLLBACK")

    def _lock(self, reading: Connection[Any], resource: str) -> tuple[Table, RowEvents]:
        """The table as it is from now on until the transaction ends: what alters or rewrites it waits."""
        reading.execute(f"SET LOCAL lock_timeout = '{_LOCK_TIMEOUT}'")
        reading.execute(f"LOCK TABLE {self._spelled[resource]} IN ACCESS SHARE MODE")
        # By the session that has the lock: another would have to wait behind whoever waits for the lock to go.
        with session.as_text(reading):
            table = self._look_up(reading, resource)
        if table.key_numbers != self._key_of(resource).numbers:
            raise Untrustworthy(f"{resource} has another primary key than is known")
        known = self._tables.get(resource)
        if known is None or known[0] != table:
            known = self._tables[resource] = table, RowEvents(self._database.published([table])[table.oid])
        return known

    def _estimate(self, table: Table) -> int:
        found = self._database.connection.execute(_ESTIMATE, {"oid": table.oid}).fetchone()
        return int(found[0]) if found else 0

    def _look_up(self, connection: Connection[Any], resource: str) -> Table:
        table = read_table(connection, resource)
        if table is None:
            raise SourceUnavailable(f"reading {resource} anew: there is no such table; correct the manifest")
        return publication.sent_columns(connection, self._publication, table)


def _look(connection: Connection[Any]) -> tuple[Seen, int]:
    text, time = connection.execute(_SEEN).fetchone() or ("1:1:", 0)
    return visibility.parse(text if isinstance(text, str) else text.decode()), time


def _query(connection: Connection[Any], table: Table, after: Sequence[bytes], limit: int) -> bytes:
    columns = ", ".join('"' + column.replace('"', '""') + '"' for column in table.primary_key)
    values = b", ".join(Escaping(connection.pgconn).escape_literal(part) for part in after)
    where = f" WHERE ({columns}) > (".encode() + values + b")" if after else b""
    return select(table).encode() + where + f" ORDER BY {columns} LIMIT {limit}".encode()
