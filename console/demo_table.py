"""The demo's hands in a PostgreSQL table: reads and writes rows by the names that the manifest gives."""

from datetime import date, datetime
from typing import Any, NamedTuple

import psycopg
from psycopg import sql
from psycopg.rows import dict_row

from connectors.postgres_dsn import sound
from console.errors import ConsoleError
from schemas.records import Row

_EPOCH = date(1970, 1, 1)


class Column(NamedTuple):
    """One column of a table, and whether an INSERT must name it."""

    name: str
    required: bool


def connected(system: str, dsn: str) -> psycopg.Connection[Row]:
    """A connection in the demo's own hands. Raises ConsoleError where the system does not answer."""
    try:
        return psycopg.connect(sound(dsn), row_factory=dict_row, connect_timeout=5, application_name="lienthong demo")
    except psycopg.Error as error:
        first_line = str(error).strip().partition("\n")[0]
        raise ConsoleError(
            f"working in the database of {system}: {first_line}; `lienthong check` tests the connection"
        ) from error


def table(resource: str) -> sql.Identifier:
    """`public.cong_dan` as SQL."""
    return sql.Identifier(*resource.split("."))


def columns(connection: psycopg.Connection[Row], resource: str) -> list[Column]:
    """The columns that an INSERT may name, in their order."""
    query = """
        select attname as name, attnotnull and not atthasdef and attidentity = '' as required
        from pg_attribute
        where attrelid = %s::regclass and attnum > 0 and not attisdropped and attgenerated = '' and attidentity <> 'a'
        order by attnum"""
    return [Column(row["name"], row["required"]) for row in connection.execute(query, [resource])]


def some_rows(connection: psycopg.Connection[Row], resource: str, *, limit: int) -> list[Row]:
    """Rows picked at random, whole."""
    query = sql.SQL("select * from {} order by random() limit {}").format(table(resource), limit)
    return list(connection.execute(query))


def rows_with(connection: psycopg.Connection[Row], resource: str, *, column: str, values: list[str]) -> list[Row]:
    """Rows with one of these values in a column, whole."""
    query = sql.SQL("select * from {} where {}::text = any(%s)").format(table(resource), sql.Identifier(column))
    return list(connection.execute(query, [values]))


def count(connection: psycopg.Connection[Row], resource: str) -> int:
    """How many rows there are."""
    [row] = connection.execute(sql.SQL("select count(*) as rows from {}").format(table(resource)))
    return int(row["rows"])


def referring(connection: psycopg.Connection[Row], resource: str, *, to: str) -> str | None:
    """The column by which a table refers to another one; None where it does not."""
    query = """
        select a.attname as name from pg_constraint c
        join pg_attribute a on a.attrelid = c.conrelid and a.attnum = c.conkey[1]
        where c.contype = 'f' and c.conrelid = %s::regclass and c.confrelid = %s::regclass"""
    found = connection.execute(query, [resource, to]).fetchone()
    return found["name"] if found else None


def next_number(connection: psycopg.Connection[Row], resource: str, column: str) -> int:
    """One more than the greatest value of a numeric column."""
    query = sql.SQL("select coalesce(max({}), 0) + 1 as next from {}").format(sql.Identifier(column), table(resource))
    [row] = connection.execute(query)
    return int(row["next"])


def update(connection: psycopg.Connection[Row], resource: str, *, where: Row, values: Row) -> None:
    """Set these columns in the one row that has these values."""
    assignments = sql.SQL(", ").join(
        sql.SQL("{} = {}").format(sql.Identifier(n), sql.Literal(v)) for n, v in values.items()
    )
    query = sql.SQL("update {} set {} where {}").format(table(resource), assignments, _equal(where))
    changed = connection.execute(query).rowcount
    if changed != 1:
        raise ConsoleError(f"changing one row of {resource}: {changed} rows had its key; correct `key` in the manifest")


def insert(connection: psycopg.Connection[Row], resource: str, values: Row) -> Row:
    """Add a row; returns it whole."""
    names = sql.SQL(", ").join(map(sql.Identifier, values))
    query = sql.SQL("insert into {} ({}) values ({}) returning *").format(
        table(resource), names, sql.SQL(", ").join(map(sql.Literal, values.values()))
    )
    [row] = connection.execute(query)
    return row


def text_row(connection: psycopg.Connection[Row], resource: str, *, where: Row, names: list[str]) -> Row | None:
    """These columns of the row with this key, each as text; None where there is no such row."""
    listed = sql.SQL(", ").join(sql.SQL("{0}::text as {0}").format(sql.Identifier(name)) for name in names)
    query = sql.SQL("select {} from {} where {}").format(listed, table(resource), _equal(where))
    return connection.execute(query).fetchone()


def _equal(values: Row) -> sql.Composable:
    return sql.SQL(" and ").join(
        sql.SQL("{} = {}").format(sql.Identifier(n), sql.Literal(v)) for n, v in values.items()
    )


def as_captured(row: Row) -> Row:
    """The row with values typed as a source types them: dates as days since 1970, numbers exact."""
    return {name: _captured(value) for name, value in row.items()}


def _captured(value: Any) -> Any:
    if isinstance(value, date) and not isinstance(value, datetime):
        return (value - _EPOCH).days
    return value if value is None or isinstance(value, bool | int | float | bytes) else str(value)
