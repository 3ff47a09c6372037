"""A sign of life in the WAL, so that a slot whose tables are idle moves on; and whether the slot is still there."""

from typing import Any, Final

from psycopg import Connection

SECONDS: Final = 10.0

_EMIT = "SELECT pg_logical_emit_message(false, 'lienthong', '')"
_SLOT = "SELECT count(*) FROM pg_catalog.pg_replication_slots WHERE slot_name = %s"


def beat(connection: Connection[Any], slot: str) -> bool:
    """Write the sign; whether there is such a slot. Raises psycopg.Error."""
    connection.execute(_EMIT)
    found = connection.execute(_SLOT, (slot,)).fetchone()
    return bool(found and found[0])
