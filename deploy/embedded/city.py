"""`python -m deploy.embedded.city`: the databases of the two sample systems, one of them filled with made-up people.

Does only what is still missing, so it may run at every start, and again after it was killed. The databases are those
that the files `ho_tich_dsn` and `dan_cu_dsn` in the secrets folder name.
"""

import sys
from collections.abc import Callable, Iterator
from datetime import date
from importlib.resources import files
from typing import Final

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from deploy.embedded.errors import StartError
from deploy.embedded.people import Birth, Person, people
from schemas.secret_references import SecretMissing, resolve
from schemas.settings import Settings

SYSTEMS: Final = ("ho_tich", "dan_cu")
PEOPLE: Final = 10_000
SEED: Final = 2026

Report = Callable[[str], None]
#: What of the register is filled, in the order of `rows`.
COLUMNS: Final = (
    *("so_dinh_danh", "so_cmnd", "ho_ten", "ngay_sinh", "gioi_tinh", "dan_toc", "que_quan", "noi_thuong_tru"),
    *("ma_xa", "dien_thoai", "ngay_mat", "ghi_chu"),
)
_SEXES: Final = {"male": "1", "female": "2"}


class CityError(StartError):
    """The databases cannot be made ready: says which step failed, and what to do."""


def prepare(settings: Settings, report: Report, *, count: int = PEOPLE, seed: int = SEED) -> None:
    """Databases, tables and people. Raises CityError."""
    for system in SYSTEMS:
        dsn = _dsn(settings, system)
        try:
            create_database(dsn, report)
            with psycopg.connect(dsn, connect_timeout=10) as connection:
                create_tables(connection, system)
                if system == "ho_tich":
                    fill(connection, report, count=count, seed=seed)
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
        # Two starts at once would else trip over `if not exists`.
        connection.execute("select pg_advisory_xact_lock(hashtext('lienthong city'))")
        connection.execute(ddl)


def fill(connection: psycopg.Connection, report: Report, *, count: int, seed: int) -> None:
    """People into the empty register, in one transaction: all of them or, when killed, none."""
    with connection.transaction():
        connection.execute("select pg_advisory_xact_lock(hashtext('lienthong city'))")
        if connection.execute("select from public.cong_dan limit 1").fetchone() is not None:
            return
        report(f"filling ho_tich with {count:,} made-up people")
        columns = sql.SQL(", ").join(map(sql.Identifier, COLUMNS))
        with connection.cursor().copy(sql.SQL("copy public.cong_dan ({}) from stdin").format(columns)) as copy:
            for row in rows(seed, count):
                copy.write_row(row)
    report("ho_tich is filled")


def rows(seed: int, count: int) -> Iterator[tuple[str | None, ...]]:
    """People in the register's own terms, in the order of its columns."""
    return map(_row, people(seed, count))


def _row(person: Person) -> tuple[str | None, ...]:
    return (
        person.citizen_id,
        person.old_id,
        person.full_name,
        _as_written(person.birth),
        _SEXES[person.sex],
        person.ethnicity,
        person.home_place,
        person.residence,
        person.ward,
        person.phone,
        _day(person.death) if person.death else None,
        person.note,
    )


def _as_written(birth: Birth) -> str:
    if birth.month is None or birth.day is None:
        return str(birth.year)
    return _day(date(birth.year, birth.month, birth.day))


def _day(day: date) -> str:
    return f"{day:%d/%m/%Y}"


def _dsn(settings: Settings, system: str) -> str:
    try:
        return str(resolve(f"${{file:{system}_dsn}}", folder=settings.secrets))
    except SecretMissing as error:
        raise CityError(str(error)) from error


def main() -> int:
    """Exit code 0 when everything is there, else 1 with the reason on standard error."""
    try:
        prepare(Settings(), lambda line: print(line, flush=True))  # noqa: T201 - for the person who waits
    except CityError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
