"""Connections to the polled database, with settings that give a value one form, and errors that hold no values."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from connectors.errors import ConnectorsError, SourceUnavailable

#: By dialect. Every statement is a transaction of its own, so that each sees what has been committed.
_SETTINGS: Final[dict[str, tuple[str, ...]]] = {
    "postgresql": (
        "SET datestyle = 'ISO, YMD'",
        "SET intervalstyle = 'postgres'",
        "SET timezone = 'UTC'",
        "SET extra_float_digits = 1",
        "SET bytea_output = 'hex'",
        "SET row_security = off",  # an error instead of rows that silently stay away
        "SET default_transaction_read_only = on",
        "SET statement_timeout = '60s'",
        "SET lock_timeout = '20s'",
    ),
    "mysql": ("SET time_zone = '+00:00'", "SET SESSION TRANSACTION READ ONLY"),
    "mariadb": ("SET time_zone = '+00:00'", "SET SESSION TRANSACTION READ ONLY"),
}
_CONNECT_SECONDS: Final = 10
_LONGEST_MESSAGE: Final = 300


def connect(url: str, system: str) -> sa.Connection:
    """A session whose statements commit by themselves. Raises SourceUnavailable, and ConnectorsError for a bad URL."""
    with unavailable(f"connecting to {system}"):
        connection = _engine(url, system).connect()
        try:
            for setting in _settings(connection.dialect.name, system):
                connection.exec_driver_sql(setting)
        except SQLAlchemyError:
            connection.close()
            raise
        return connection


def _engine(url: str, system: str) -> sa.Engine:
    try:
        address = sa.make_url(url)
        waits = address.get_backend_name() in _SETTINGS and "connect_timeout" not in address.query
        return sa.create_engine(
            address,
            poolclass=sa.NullPool,
            hide_parameters=True,
            isolation_level="AUTOCOMMIT",
            connect_args={"connect_timeout": _CONNECT_SECONDS} if waits else {},
        )
    except ImportError as error:
        raise ConnectorsError(
            f"connecting to {system}: the driver is not here ({error}); install it, or name another in `connect: url`"
        ) from None


def _settings(dialect: str, system: str) -> tuple[str, ...]:
    named = (f"SET application_name = 'lienthong source {system}'",) if dialect == "postgresql" else ()
    return (*named, *_SETTINGS.get(dialect, ()))


@contextmanager
def unavailable(doing: str) -> Iterator[None]:
    """Turns SQLAlchemy's errors into SourceUnavailable, without statements and parameters: those hold values."""
    try:
        yield
    except SQLAlchemyError as error:
        raise SourceUnavailable(f"{doing}: {said(error)}") from None


def said(error: SQLAlchemyError) -> str:
    """What the server or the driver said, in one line."""
    original: Any = getattr(error, "orig", None) or error
    message = getattr(getattr(original, "diag", None), "message_primary", None) or str(original)
    lines = message.strip().splitlines()
    return lines[0][:_LONGEST_MESSAGE] if lines else type(original).__name__
