"""A sign of life in the WAL, so that a slot whose tables are idle moves on, and what the server says of the slot."""

from typing import Any, Final, NamedTuple

from psycopg import Connection
from psycopg.rows import class_row

SECONDS: Final = 10.0

_EMIT = "SELECT pg_logical_emit_message(false, 'lienthong', '')"
_BEAT = """
    SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), confirmed_flush_lsn)::bigint AS lag_bytes,
           pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn)::bigint AS held_bytes
    FROM pg_catalog.pg_replication_slots WHERE slot_name = %s
"""


class Beat(NamedTuple):
    """Bytes of WAL not yet confirmed, and bytes that the server keeps for us; None where it does not say."""

    lag_bytes: int | None
    held_bytes: int | None


def beat(connection: Connection[Any], slot: str) -> Beat | None:
    """Write the sign and look at the slot; None when it is gone. Raises psycopg.Error."""
    connection.execute(_EMIT)
    with connection.cursor(row_factory=class_row(Beat)) as cursor:
        return cursor.execute(_BEAT, (slot,)).fetchone()
