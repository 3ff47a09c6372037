"""Connections to the polled database, with settings that give a value one form, and errors that hold no values."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from connectors.errors import SourceUnavailable
from connectors.sqlalchemy_engine import engine, said

#: In which PostgreSQL gives a value always the same text.
_FORMS: Final = {
    "datestyle": "ISO, YMD",
    "intervalstyle": "postgres",
    "timezone": "UTC",
    "extra_float_digits": "1",
    "bytea_output": "hex",
}
#: By dialect. Every statement is a transaction of its own, so that each sees what has been committed.
_SETTINGS: Final[dict[str, tuple[str, ...]]] = {
    "postgresql": (
        *(f"SET {name} = '{form}'" for name, form in _FORMS.items()),
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


def read_plainly(connection: sa.Connection) -> None:
    """What is read in this transaction from now on has the same form as on a connection of `connect`."""
    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(*(sa.func.set_config(name, form, True) for name, form in _FORMS.items())))  # noqa: FBT003 - SQL's


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
