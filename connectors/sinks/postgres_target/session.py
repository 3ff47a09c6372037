"""A connection to the target, set up so that trouble shows instead of hanging and our own writes can be told apart."""

from typing import Any

import psycopg
from psycopg import Connection, IsolationLevel, sql

from connectors.errors import SinkUnavailable
from connectors.postgres_dsn import sound
from connectors.postgres_marks import MESSAGE, ORIGIN, ORIGINS
from connectors.sinks.postgres_target.refusals import translated

_SETTINGS = {
    "lock_timeout": "15s",
    "statement_timeout": "10min",
    "idle_in_transaction_session_timeout": "60s",
    # Day before month, as Vietnamese dates are written; the form that triggers see stays the target's own.
    "datestyle": "DMY",
}

_MAY_SET_ORIGIN = """
SELECT has_function_privilege('pg_replication_origin_oid(text)', 'execute')
   AND has_function_privilege('pg_replication_origin_create(text)', 'execute')
   AND has_function_privilege('pg_replication_origin_session_setup(text)', 'execute')
"""


def connect(dsn: str, system: str) -> Connection[Any]:
    """An open connection in autocommit; transactions are begun where they are needed. Raises SinkUnavailable."""
    with translated(f"connecting to the database of {system}"):
        connection = _opened(dsn, system)
        connection.isolation_level = IsolationLevel.READ_COMMITTED
        for name, value in _SETTINGS.items():
            connection.execute("SELECT set_config(%s, %s, false)", [name, value])
    return connection


def may_set_origin(connection: Connection[Any]) -> bool:
    """Whether this role can mark its writes."""
    found = connection.execute(_MAY_SET_ORIGIN).fetchone()
    return bool(found and found[0])


def origin_grant(connection: Connection[Any]) -> str:
    """The statement, for a superuser, that gives this role the right to mark its writes."""
    functions = ("oid(text)", "create(text)", "session_setup(text)")
    named = ", ".join(f"pg_replication_origin_{function}" for function in functions)
    return f"GRANT EXECUTE ON FUNCTION {named} TO {sql.Identifier(connection.info.user).as_string(connection)};"


def mark_transaction(connection: Connection[Any]) -> None:
    """What follows in this transaction is a delivery: a source that reads the WAL is told so."""
    connection.execute("SELECT pg_logical_emit_message(true, %s, '')", [MESSAGE])


def mark_writes(connection: Connection[Any]) -> None:
    """Give the session's writes our replication origin, which needs `may_set_origin`. Raises SinkUnavailable."""
    if not any(_set_origin(connection, name) for name in ORIGINS):
        raise SinkUnavailable(
            f"marking writes by a replication origin: {ORIGIN} and its {len(ORIGINS) - 1} others are all in use; "
            "end the sessions of sinks that are no longer there"
        )


def _opened(dsn: str, system: str) -> Connection[Any]:
    return psycopg.connect(
        sound(dsn),
        autocommit=True,
        application_name=f"lienthong/{system}",
        client_encoding="utf8",
        connect_timeout=10,
        keepalives=1,
        keepalives_idle=10,
        keepalives_interval=5,
        keepalives_count=3,
        tcp_user_timeout=30_000,
    )


def _set_origin(connection: Connection[Any], name: str) -> bool:
    try:
        _create_origin(connection, name)
        connection.execute("SELECT pg_replication_origin_session_setup(%s)", [name])
    except psycopg.errors.ObjectInUse:
        return False
    return True


def _create_origin(connection: Connection[Any], name: str) -> None:
    found = connection.execute("SELECT pg_replication_origin_oid(%s)", [name]).fetchone()
    if found and found[0] is not None:
        return
    try:
        connection.execute("SELECT pg_replication_origin_create(%s)", [name])
    except psycopg.errors.UniqueViolation:
        return  # another sink of this server has just made it
