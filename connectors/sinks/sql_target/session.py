"""A connection to the target in which trouble shows instead of hanging, and which of its errors are about the data."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, ResourceClosedError, SQLAlchemyError, StatementError

from connectors.errors import SinkUnavailable
from connectors.sqlalchemy_engine import engine, said
from connectors.sqlstates import BAD_VALUE, CONSTRAINT_VIOLATION, reason_of

#: By dialect.
_SETTINGS: Final[dict[str, tuple[str, ...]]] = {
    "postgresql": (
        "SET lock_timeout = '15s'",
        "SET statement_timeout = '10min'",
        # A process that is frozen in the middle of a write must not keep its successor out for ever.
        "SET idle_in_transaction_session_timeout = '60s'",
    ),
    # Without strict mode text that is too long is cut.
    "mysql": (
        "SET SESSION innodb_lock_wait_timeout = 15",
        "SET SESSION sql_mode = CONCAT(@@sql_mode, ',STRICT_ALL_TABLES')",
    ),
    "sqlite": ("PRAGMA busy_timeout = 5000",),
}
_SETTINGS["mariadb"] = _SETTINGS["mysql"]


class Refused(Exception):  # noqa: N818 - reads as what happened; never leaves the sink
    """The target does not take the data of a statement as they are. Says nothing that could hold a value."""

    def __init__(self, reason: str, told: str = "", column: str | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.told = told
        self.column = column


def connect(url: str, system: str, *, begin: str = "BEGIN IMMEDIATE") -> sa.Connection:
    """An open connection without a transaction; `begin`: how SQLite begins one, with its lock or without.

    Raises SinkUnavailable, and ConnectorsError where a driver lacks.
    """
    with translated(f"reading the address of {system}"):
        made = engine(url, system)
    if made.dialect.name == "sqlite":
        _begin_at_once(made, begin)
    with translated(f"connecting to the database of {system}"):
        connection = made.connect()
        name = made.dialect.name
        named = (f"SET application_name = 'lienthong/{system}'",) if name == "postgresql" else ()
        for setting in (*named, *_SETTINGS.get(name, ())):
            connection.exec_driver_sql(setting)
        connection.commit()
    return connection


def _begin_at_once(made: sa.Engine, begin: str) -> None:
    """SQLite's driver begins transactions when it likes, and never for a savepoint."""

    @sa.event.listens_for(made, "connect")
    def _leave_alone(dbapi_connection: Any, _: Any) -> None:
        dbapi_connection.isolation_level = None

    @sa.event.listens_for(made, "begin")
    def _begin(connection: sa.Connection) -> None:
        connection.exec_driver_sql(begin)


@contextmanager
def translated(doing: str) -> Iterator[None]:
    """Errors inside become Refused or SinkUnavailable, which says what was being done."""
    try:
        yield
    except UnicodeError:
        raise Refused(BAD_VALUE) from None
    except (SQLAlchemyError, ResourceClosedError) as error:
        reason = _reason(error)
        if reason is not None:
            raise Refused(reason) from None
        raise SinkUnavailable(f"{doing}: {said(error)}") from None


def _reason(error: SQLAlchemyError) -> str | None:
    """Why the data are refused; None where it is not about them."""
    state = getattr(getattr(error, "orig", None), "sqlstate", None)
    if state:
        return reason_of(str(state))
    if isinstance(error, IntegrityError):
        return CONSTRAINT_VIOLATION
    if isinstance(error, DataError):
        return BAD_VALUE
    # What SQLAlchemy itself cannot bind never reaches the driver.
    is_unbound = isinstance(error, StatementError) and not isinstance(error, DBAPIError)
    return BAD_VALUE if is_unbound else None


def drop(connection: sa.Connection) -> None:
    """Close it, whatever state it is in."""
    try:
        connection.close()
    except SQLAlchemyError:
        connection.invalidate()
