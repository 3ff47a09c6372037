"""A PostgreSQL database."""

from typing import Any

import psycopg
from psycopg import sql

from console.demo_table import connected, text_row
from schemas.manifest import Subscription
from schemas.records import Row


def eye(system: str, connect: dict[str, Any], subscription: Subscription) -> "PostgresEye":
    """Opened."""
    return PostgresEye(connected(system, connect["dsn"]), subscription.into)


class PostgresEye:
    """See `console.demo_eyes.Eye`."""

    def __init__(self, connection: psycopg.Connection[Row], table: str) -> None:
        self._connection, self._table = connection, table
        connection.autocommit = True

    def row(self, where: Row, names: list[str]) -> Row | None:
        """See Eye."""
        return text_row(self._connection, self._table, where=where, names=names)

    def values(self, column: str, limit: int) -> list[str] | None:
        """See Eye."""
        table, name = sql.Identifier(*self._table.split(".")), sql.Identifier(column)
        query = sql.SQL("select {0}::text as value from {1} where {0} is not null limit {2}")
        found = [row["value"] for row in self._connection.execute(query.format(name, table, limit + 1))]
        return found if len(found) <= limit else None

    def close(self) -> None:
        """See Eye."""
        self._connection.close()
