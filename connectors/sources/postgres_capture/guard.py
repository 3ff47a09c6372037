"""Looks after the WAL that the server keeps for our slot: a register must not stop because we do not come to read.

It has a thread of its own, for it matters most while the source itself waits: for Kafka, or for a table.
"""

from threading import Event, Thread
from typing import Any, Final, NamedTuple

import psycopg
import structlog
from psycopg import Connection
from psycopg.rows import class_row

from connectors import metrics
from connectors.errors import SourceUnavailable
from connectors.sources.postgres_capture import session, slot

_log = structlog.get_logger(__name__)

SECONDS: Final = 10.0

_HELD = """
    SELECT coalesce(pg_wal_lsn_diff(pg_current_wal_lsn(), confirmed_flush_lsn), 0)::bigint AS lag_bytes,
           coalesce(pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn), 0)::bigint AS held_bytes
    FROM pg_catalog.pg_replication_slots WHERE slot_name = %s AND database = current_database()
"""


class Held(NamedTuple):
    """Bytes of WAL not yet confirmed, and bytes that the server keeps for us."""

    lag_bytes: int
    held_bytes: int


class Guard:
    """Measures, and gives the slot up where more is kept than `limit` bytes (0: never)."""

    def __init__(self, dsn: str, system: str, slot_name: str, *, limit: int) -> None:
        self._dsn = dsn
        self._system = system
        self._slot = slot_name
        self._limit = limit
        self._stopping = Event()
        self._thread: Thread | None = None

    def start(self) -> None:
        """Look once, and then now and then until `stop`. Raises SourceUnavailable when the first look fails."""
        with session.connect(self._dsn, self._system) as connection, session.unavailable(f"opening {self._system}"):
            self._look(connection)
        self._thread = Thread(target=self._watch, name=f"wal-{self._system}", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Does not wait: a look may be on its way."""
        self._stopping.set()

    def _watch(self) -> None:
        while not self._stopping.wait(SECONDS):
            try:
                with session.connect(self._dsn, self._system) as connection:
                    while True:
                        self._look(connection)
                        if self._stopping.wait(SECONDS):
                            return
            except (psycopg.Error, SourceUnavailable):
                continue  # the source itself says so

    def _look(self, connection: Connection[Any]) -> None:
        with connection.cursor(row_factory=class_row(Held)) as cursor:
            held = cursor.execute(_HELD, (self._slot,)).fetchone()
        held = held or Held(0, 0)
        metrics.LAG_BYTES.labels(self._system).set(held.lag_bytes)
        metrics.HELD_BYTES.labels(self._system).set(held.held_bytes)
        if self._limit and held.held_bytes > self._limit:
            self._give_up(connection, held.held_bytes)

    def _give_up(self, connection: Connection[Any], held: int) -> None:
        _log.error(
            "the slot is given up: the server keeps too much WAL for it; a new epoch begins with a snapshot",
            system=self._system,
            slot=self._slot,
            held_bytes=held,
            limit_bytes=self._limit,
            remedy="see why nothing was confirmed (is Kafka there?), or raise `connect: wal_limit`",
        )
        slot.take_over(connection, self._slot)
        # Once: a reader that does not end in time is ended at the next look. Before the slot is seen to be gone.
        metrics.SLOTS_GIVEN_UP.labels(self._system).inc()
        slot.drop(connection, self._slot)
