"""Brings the tables to what this version wants: numbered SQL files, each once, in order."""

from importlib.resources import files
from typing import Any, NamedTuple

from psycopg import Connection, sql

from console.errors import ConsoleError
from schemas.formats import newer


class Migration(NamedTuple):
    """One file of `migrations/`: its number, its name, its SQL."""

    number: int
    name: str
    text: bytes


def migrations() -> list[Migration]:
    """In their order."""
    folder = files("console.store").joinpath("migrations")
    found = (file for file in folder.iterdir() if file.name.endswith(".sql"))
    return sorted(Migration(int(file.name.partition("_")[0]), file.name, file.read_bytes()) for file in found)


def too_new(connection: Connection[Any]) -> str:
    """For people, why the store cannot be used: a newer version has been there. Empty where it can, or is not there."""
    if connection.execute("SELECT to_regclass('migrations') IS NULL").fetchone() == (True,):
        return ""
    return _newer(_applied(connection), migrations())


def migrate(connection: Connection[Any], schema: str) -> list[str]:
    """Returns the names of those that were applied now. Whoever comes at the same time waits for the first.

    Raises ConsoleError, before anything is changed, where a newer version has been there.
    """
    listed = migrations()
    with connection.transaction():
        connection.execute("SELECT pg_advisory_xact_lock(hashtext('lienthong store'))")
        connection.execute(sql.SQL("CREATE SCHEMA IF NOT EXISTS {}").format(sql.Identifier(schema)))
        connection.execute(
            "CREATE TABLE IF NOT EXISTS migrations (number int PRIMARY KEY, name text NOT NULL, "
            "applied timestamptz NOT NULL DEFAULT now())"
        )
        known = _applied(connection)
        if refused := _newer(known, listed):
            raise ConsoleError(f"preparing the store: {refused}")
        wanted = [each for each in listed if each.number not in known]
        for each in wanted:
            connection.execute(each.text)
            connection.execute("INSERT INTO migrations (number, name) VALUES (%s, %s)", [each.number, each.name])
    return [each.name for each in wanted]


def _applied(connection: Connection[Any]) -> set[int]:
    return {number for (number,) in connection.execute("SELECT number FROM migrations")}


def _newer(applied: set[int], listed: list[Migration]) -> str:
    return newer("the store", found=max(applied, default=0), known=listed[-1].number)
