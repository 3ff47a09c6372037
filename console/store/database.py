"""Reaches the store: a PostgreSQL database of its own, which holds nothing that Kafka could not tell again."""

from typing import Any, Final

import psycopg
from psycopg import Connection, sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from connectors.postgres_dsn import sound
from console.errors import ConsoleError
from console.store.migrate import migrate, too_new
from schemas.secret_references import resolve
from schemas.settings import Settings

#: Everything stands in this schema, also where the database is shared with others.
SCHEMA: Final = "lienthong"
_SETTINGS: Final = (
    f"-c search_path={SCHEMA} -c datestyle=ISO -c timezone=UTC -c client_encoding=UTF8 -c lock_timeout=15s "
    "-c statement_timeout=120s -c idle_in_transaction_session_timeout=60s"
)


class StoreUnavailable(ConsoleError):  # noqa: N818 - reads as what happened
    """The store does not answer, or is not there; nothing is lost by that, for all of it stands in Kafka too."""


def store_dsn(settings: Settings) -> str:
    """Where the store is. Raises SecretMissing where nobody has said so."""
    return str(resolve(settings.store, folder=settings.secrets))


def connect(dsn: str) -> Connection[Any]:
    """A session in autocommit; transactions are begun where they are needed.

    Raises StoreUnavailable, also where a newer version has made the store.
    """
    try:
        options = f"{conninfo_to_dict(sound(dsn)).get('options') or ''} {_SETTINGS}".strip()
        made = psycopg.connect(dsn, autocommit=True, connect_timeout=10, options=options, application_name="lienthong")
        refused = too_new(made)
    except psycopg.Error as error:
        raise unavailable("connecting to the store", error) from error
    if refused:
        made.close()
        raise StoreUnavailable(f"opening the store: {refused}")
    return made


def prepare(dsn: str) -> Connection[Any]:
    """A session in the store as this version wants it: database and tables are made where they are missing.

    Raises StoreUnavailable.
    """
    try:
        _create_missing(dsn)
        connection = connect(dsn)
        migrate(connection, SCHEMA)
    except psycopg.Error as error:
        raise unavailable("preparing the store", error) from error
    return connection


def unavailable(doing: str, error: psycopg.Error) -> StoreUnavailable:
    """The driver's own words hold no values of ours: every value is a parameter."""
    reason = str(error).strip().partition("\n")[0] or type(error).__name__
    return StoreUnavailable(
        f"{doing}: {reason}; see that its PostgreSQL runs and that LIENTHONG_STORE (a DSN, or a reference such as "
        "${file:store_dsn}) is right"
    )


def _create_missing(dsn: str) -> None:
    """By way of the database `postgres`, where the role may; else whoever owns the server makes it."""
    try:
        psycopg.connect(sound(dsn), connect_timeout=10).close()
    except psycopg.OperationalError as error:
        name = str(conninfo_to_dict(dsn).get("dbname", ""))
        if "does not exist" not in str(error) or not name:
            raise
        with psycopg.connect(make_conninfo(dsn, dbname="postgres"), autocommit=True, connect_timeout=10) as server:
            server.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
