"""Where an officer sits: one register's table, in which rows are looked up and written, transaction by transaction."""

import random
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Protocol

import psycopg
from psycopg import sql
from psycopg.rows import dict_row

from tests.chaos.words import Row, Value

#: Rows that are looked at for one that will do.
_GLANCE = 40


class Desk(Protocol):
    """What the officers of officers.py write with. Every column but `id` may be left out, and is NULL then."""

    def some(self, chance: random.Random, wanted: Callable[[Row], object]) -> Row | None:
        """Any row that will do; None where a glance finds none."""

    def insert(self, values: Mapping[str, Value]) -> None:
        """A new row."""

    def update(self, row: Row, changes: Mapping[str, Value]) -> None:
        """The row, if it is still there."""

    def delete(self, row: Row) -> None:
        """The row, if it is still there."""


class SqlDesk:
    """See Desk. `transaction` opens a connection whenever there is none; it is lost with any error of the database."""

    def __init__(self, dsn: str, table: str) -> None:
        self._dsn = dsn
        self._table = sql.SQL(".").join(map(sql.Identifier, table.split(".")))
        self._connection: psycopg.Connection[dict[str, object]] | None = None

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """One transaction. Raises psycopg.Error; then it may or may not have happened, as its history tells."""
        try:
            if self._connection is None:
                self._connection = psycopg.connect(
                    self._dsn, application_name="can_bo", connect_timeout=2, row_factory=dict_row
                )
            with self._connection.transaction():
                yield
        except psycopg.Error:
            self.close()
            raise

    def close(self) -> None:
        """Until the next transaction."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def some(self, chance: random.Random, wanted: Callable[[Row], object]) -> Row | None:
        """See Desk."""
        query = sql.SQL(
            "select * from {table} where id >= (select coalesce(max(id), 1) from {table}) * %s order by id limit %s"
        ).format(table=self._table)
        rows = self._now().execute(query, (chance.random(), _GLANCE)).fetchall()
        found = [row for row in map(as_text, rows) if wanted(row)]
        return chance.choice(found) if found else None

    def insert(self, values: Mapping[str, Value]) -> None:
        """See Desk."""
        columns, marks = map(sql.Identifier, values), [sql.Placeholder()] * len(values)
        comma = sql.SQL(", ").join
        query = sql.SQL("insert into {}({}) values ({})").format(self._table, comma(columns), comma(marks))
        self._now().execute(query, list(values.values()))

    def update(self, row: Row, changes: Mapping[str, Value]) -> None:
        """See Desk."""
        changed = sql.SQL(", ").join(sql.SQL("{} = %s").format(sql.Identifier(column)) for column in changes)
        query = sql.SQL("update {} set {} where id = %s").format(self._table, changed)
        self._now().execute(query, [*changes.values(), row["id"]])

    def delete(self, row: Row) -> None:
        """See Desk."""
        self._now().execute(sql.SQL("delete from {} where id = %s").format(self._table), [row["id"]])

    def _now(self) -> psycopg.Connection[dict[str, object]]:
        assert self._connection is not None, "inside a transaction only"
        return self._connection


def as_text(row: Mapping[str, object]) -> dict[str, Value]:
    """Every value as text, as the history has it."""
    return {column: None if value is None else str(value) for column, value in row.items()}
