"""The replication slot: the source's position, kept by the database itself."""

import time
from typing import Any, Final, NamedTuple

import structlog
from psycopg import Connection
from psycopg.rows import dict_row

from connectors.errors import SourceUnavailable
from connectors.sources.postgres_capture import lsn

_log = structlog.get_logger(__name__)

_TAKEOVER_SECONDS: Final = 20.0
_POLL_SECONDS: Final = 0.05

_SLOT = """
    SELECT plugin, database, active_pid, restart_lsn::text, confirmed_flush_lsn::text AS confirmed_lsn,
           wal_status IS NOT DISTINCT FROM 'lost' AS lost
    FROM pg_catalog.pg_replication_slots WHERE slot_name = %s
"""


class Slot(NamedTuple):
    """What the server says of a slot; `lost`: the server has removed WAL that it needs."""

    plugin: str
    database: str
    active_pid: int | None
    restart: int
    confirmed: int
    lost: bool


def read(connection: Connection[Any], name: str) -> Slot | None:
    """The slot, or None where there is none."""
    with connection.cursor(row_factory=dict_row) as cursor:
        found = cursor.execute(_SLOT, (name,)).fetchone()
    if found is None:
        return None
    restart, confirmed = (lsn.parse(found.pop(name) or "0/0") for name in ("restart_lsn", "confirmed_lsn"))
    lost = found.pop("lost") or not restart
    return Slot(restart=restart, confirmed=confirmed, lost=lost, **found)


def take_over(connection: Connection[Any], name: str) -> None:
    """End whoever reads from the slot: a process of ours that hangs, or its connection that the server still holds.

    Only the newest generation may call this. Raises SourceUnavailable when the slot does not become free.
    """
    deadline = time.monotonic() + _TAKEOVER_SECONDS
    ended: set[int] = set()
    while (found := read(connection, name)) and found.active_pid is not None:
        _check_owner(connection, name, found)
        if found.active_pid not in ended:
            ended.add(found.active_pid)
            _log.warning("ending another reader of the slot", slot=name, backend=found.active_pid)
            connection.execute("SELECT pg_terminate_backend(%s)", (found.active_pid,))
        if time.monotonic() > deadline:
            raise SourceUnavailable(
                f"taking over slot {name}: backend {found.active_pid} does not end; end it on the server"
            )
        time.sleep(_POLL_SECONDS)


def _check_owner(connection: Connection[Any], name: str, found: Slot) -> None:
    if found.database != connection.info.dbname:
        raise SourceUnavailable(
            f"taking over slot {name}: it is in use for database {found.database}; give this system another name by "
            "`connect: slot`"
        )


def drop(connection: Connection[Any], name: str) -> None:
    """Forget the slot, and with it the position."""
    connection.execute(
        "SELECT pg_drop_replication_slot(slot_name) FROM pg_catalog.pg_replication_slots WHERE slot_name = %s", (name,)
    )
