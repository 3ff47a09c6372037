"""Connections to the source database, all with the same settings, so that a value has one text form."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import psycopg
from psycopg import Connection, pq
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from connectors.errors import SourceUnavailable
from connectors.postgres_dsn import sound

#: What the text form of values depends on, and what would end or filter a long reading.
SETTINGS: Final = {
    "client_encoding": "UTF8",
    "datestyle": "ISO,YMD",
    "intervalstyle": "postgres",
    "timezone": "UTC",
    "extra_float_digits": "1",
    "bytea_output": "hex",
    "search_path": "",
    "row_security": "off",  # an error instead of rows that silently stay away
    "lock_timeout": "0",
    "statement_timeout": "0",
    "idle_in_transaction_session_timeout": "0",
    "wal_sender_timeout": "300s",  # while Kafka is away nothing is read
}
_BYTES: Final = "SQL_ASCII"
_STATEMENT_TIMEOUT: Final = "60s"
_LOCK_TIMEOUT: Final = "20s"
_NETWORK: Final = {"connect_timeout": "10", "keepalives_idle": "10", "tcp_user_timeout": "30000"}


def conninfo(dsn: str, system: str, **more: str) -> str:
    """Connection string of one system with our settings over those in `dsn`. Raises SourceUnavailable."""
    with unavailable(f"reading the dsn of {system}"):
        given = conninfo_to_dict(sound(dsn))
        settings = " ".join(f"-c {name}={value}" for name, value in SETTINGS.items())
        options = f"{given.get('options') or ''} {settings}".strip()
        name = f"lienthong source {system}"
        return make_conninfo(dsn, **_NETWORK, **more, options=options, application_name=name)


def connect(dsn: str, system: str) -> Connection[Any]:
    """A session for short statements, in autocommit. Raises SourceUnavailable."""
    with unavailable(f"connecting to {system}"):
        connection = psycopg.connect(conninfo(dsn, system), autocommit=True)
        connection.execute(f"SET statement_timeout = '{_STATEMENT_TIMEOUT}'")
        connection.execute(f"SET lock_timeout = '{_LOCK_TIMEOUT}'")
        return connection


def connect_for_reading(dsn: str, system: str) -> Connection[Any]:
    """A session for one transaction that may last for hours. Raises SourceUnavailable."""
    with unavailable(f"connecting to {system}"):
        connection = psycopg.connect(conninfo(dsn, system), autocommit=True)
        connection.execute(f"SET lock_timeout = '{_LOCK_TIMEOUT}'")
        if connection.info.server_version >= 170000:
            connection.execute("SET transaction_timeout = 0")
        if holds_bytes(connection.pgconn):
            connection.execute(f"SET client_encoding = {_BYTES}")
        return connection


def holds_bytes(server: pq.abc.PGconn) -> bool:
    """Whether the database holds text in no stated encoding: asked for UTF-8, it would refuse rows that are none."""
    return server.parameter_status(b"server_encoding") == _BYTES.encode()


@contextmanager
def unconverted(connection: Connection[Any]) -> Iterator[None]:
    """Text comes as the bytes that the database holds, where it does not know their encoding."""
    if not holds_bytes(connection.pgconn):
        yield
        return
    connection.execute(f"SET client_encoding = {_BYTES}")
    try:
        yield
    finally:
        connection.execute("SET client_encoding = UTF8")


@contextmanager
def as_text(connection: Connection[Any]) -> Iterator[None]:
    """The other way about, for a session that `connect_for_reading` has made."""
    if not holds_bytes(connection.pgconn):
        yield
        return
    connection.execute("SET client_encoding = UTF8")
    yield
    connection.execute(f"SET client_encoding = {_BYTES}")


@contextmanager
def unavailable(doing: str) -> Iterator[None]:
    """Turns psycopg's errors into SourceUnavailable. Details of an error can hold values: they are left out."""
    try:
        yield
    except psycopg.Error as error:
        raise SourceUnavailable(f"{doing}: {said(error)}") from None


def said(error: psycopg.Error) -> str:
    """What the server or libpq said, in one line."""
    lines = (error.diag.message_primary or str(error) or type(error).__name__).strip().splitlines()
    return lines[0] if lines else type(error).__name__
