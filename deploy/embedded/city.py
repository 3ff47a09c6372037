"""`python -m deploy.embedded.city`: the databases of the sample systems, filled with made-up people.

Does only what is still missing, so it may run at every start, and again after it was killed. The databases are those
that the files `<system>_dsn` in the secrets folder name. Business registration is reached by a role with few rights:
`dkkd_url` there is made anew at each run.
"""

import argparse
import secrets
import sys
from collections.abc import Callable
from importlib.resources import files
from typing import Final

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from deploy.embedded.errors import StartError
from deploy.embedded.sample.rows import FIRST, Filling, fillings
from deploy.embedded.secret_files import write_secret
from schemas.secret_references import SecretMissing, resolve
from schemas.settings import Settings

#: The sample systems that are databases.
DATABASES: Final = ("ho_tich", "dan_cu", "dkkd")
#: That one among them whose log nobody may read.
POLLED: Final = "dkkd"
PEOPLE: Final = 10_000
SEED: Final = 2026

Report = Callable[[str], None]


class CityError(StartError):
    """The databases cannot be made ready: says which step failed, and what to do."""


def prepare(settings: Settings, report: Report, *, count: int = PEOPLE, seed: int = SEED) -> None:
    """Databases, tables and rows; `count` people stand in civil status. Raises CityError."""
    for system in DATABASES:
        dsn = _dsn(settings, system)
        try:
            create_database(dsn, report)
            with psycopg.connect(dsn, connect_timeout=10) as connection:
                create_tables(connection, system)
                fill(connection, system, report, count=count, seed=seed)
                if system == POLLED:
                    write_secret(settings.secrets / f"{system}_url", give_access(connection) + "\n")
        except psycopg.Error as error:
            reason = str(error).strip().partition("\n")[0]
            raise CityError(
                f"making the database of {system} ready: {reason}; see that PostgreSQL runs and that "
                f"{system}_dsn in the secrets folder is right, then start again"
            ) from error


def create_database(dsn: str, report: Report) -> None:
    """The database that the DSN names, where it is not there yet; by way of the database `postgres`."""
    name = str(conninfo_to_dict(dsn).get("dbname", ""))
    with psycopg.connect(make_conninfo(dsn, dbname="postgres"), autocommit=True, connect_timeout=10) as connection:
        if connection.execute("select from pg_database where datname = %s", [name]).fetchone() is not None:
            return
        report(f"creating database {name}")
        connection.execute(sql.SQL("create database {}").format(sql.Identifier(name)))


def create_tables(connection: psycopg.Connection, system: str) -> None:
    """What deploy/hanoi/databases/<system>.sql asks for, in one transaction."""
    ddl = files("deploy").joinpath("hanoi", "databases", f"{system}.sql").read_bytes()
    with connection.transaction():
        _one_at_a_time(connection)
        connection.execute(ddl)


def fill(connection: psycopg.Connection, system: str, report: Report, *, count: int, seed: int) -> None:
    """Rows into empty tables, in one transaction: all of them or, when killed, none."""
    with connection.transaction():
        _one_at_a_time(connection)
        if connection.execute(sql.SQL("select from {} limit 1").format(_named(FIRST[system]))).fetchone() is not None:
            return
        report(f"filling {system} with made-up people")
        told = [f"{_copied(connection, filling):,} {filling.table}" for filling in fillings(system, seed, count)]
    report(f"{system} is filled: {', '.join(told)}")


def give_access(connection: psycopg.Connection) -> str:
    """A role that may read the tables and correct the owners' rows, and keeps its own tables in a schema of its own.

    Returns the address for SQLAlchemy, with a new password.
    """
    name = connection.info.dbname
    role, password = sql.Identifier(f"lienthong_{name}"), secrets.token_urlsafe(24)
    with connection.transaction():
        _one_at_a_time(connection)
        known = connection.execute("select from pg_roles where rolname = %s", [f"lienthong_{name}"]).fetchone()
        if known is None:
            connection.execute(sql.SQL("create role {} login noreplication").format(role))
        for statement in (
            "alter role {role} password {password}",
            "create schema if not exists {role} authorization {role}",
            "grant select on all tables in schema public to {role}",
            "grant update (ho_ten, dia_chi, ngay_mat) on public.chu_so_huu to {role}",
        ):
            connection.execute(sql.SQL(statement).format(role=role, password=sql.Literal(password)))
    info = connection.info
    return f"postgresql+psycopg://lienthong_{name}:{password}@{info.host}:{info.port}/{name}"


def _copied(connection: psycopg.Connection, filling: Filling) -> int:
    columns = sql.SQL(", ").join(map(sql.Identifier, filling.columns))
    with connection.cursor() as cursor:
        with cursor.copy(sql.SQL("copy {} ({}) from stdin").format(_named(filling.table), columns)) as copy:
            for row in filling.rows:
                copy.write_row(row)
        count = cursor.rowcount
    if "id" in filling.columns:
        # The rows bring their numbers: the next one is behind them.
        last = sql.SQL("select setval(pg_get_serial_sequence({}, 'id'), max(id)) from {}")
        connection.execute(last.format(filling.table, _named(filling.table)))
    return count


def _named(table: str) -> sql.Identifier:
    return sql.Identifier(*table.split("."))


def _one_at_a_time(connection: psycopg.Connection) -> None:
    """Two starts at once would else trip over `if not exists`."""
    connection.execute("select pg_advisory_xact_lock(hashtext('lienthong city'))")


def _dsn(settings: Settings, system: str) -> str:
    try:
        return str(resolve(f"${{file:{system}_dsn}}", folder=settings.secrets))
    except SecretMissing as error:
        raise CityError(str(error)) from error


def main() -> int:
    """Exit code 0 when everything is there, else 1 with the reason on standard error."""
    parser = argparse.ArgumentParser(prog="python -m deploy.embedded.city", description="The sample's databases.")
    parser.add_argument("--people", type=int, default=PEOPLE, help="how many stand in civil status")
    count: int = parser.parse_args().people
    try:
        prepare(Settings(), lambda line: print(line, flush=True), count=count)  # noqa: T201 - for the person who waits
    except CityError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
