"""Connections to the polled database, with settings that give a value one form, and errors that hold no values."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from connectors.errors import SourceUnavailable
from connectors.sqlalchemy_engine import engine, said

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


def connect(url: str, system: str) -> sa.Connection:
    """A session whose statements commit by themselves. Raises SourceUnavailable, and ConnectorsError for a bad URL."""
    with unavailable(f"connecting to {system}"):
        connection = engine(url, system, isolation_level="AUTOCOMMIT").connect()
        try:
            for setting in _settings(connection.dialect.name, system):
                connection.exec_driver_sql(setting)
        except SQLAlchemyError:
            connection.close()
            raise
        return connection


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
