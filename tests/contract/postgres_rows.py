"""The table of a suite's system on PostgreSQL: its rows, and the end of its source's connections."""

from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql

from connectors.kit.source_system import TABLE

_SEVER = """
SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
WHERE datname = current_database() AND application_name LIKE 'lienthong source %'
"""


@dataclass
class PostgresRows:
    """What `connectors.kit.SourceSystem` asks of every system, but for the source. `connection`: in autocommit."""

    connection: psycopg.Connection[Any]

    def put(self, row: int, **values: str | None) -> None:
        columns = {"id": row, **values}
        names = sql.SQL(", ").join(map(sql.Identifier, columns))
        places = sql.SQL(", ").join([sql.Placeholder()] * len(columns))
        updates = sql.SQL(", ").join(sql.SQL("{0} = excluded.{0}").format(sql.Identifier(name)) for name in columns)
        command = f"INSERT INTO {TABLE} ({{}}) VALUES ({{}}) ON CONFLICT (id) DO UPDATE SET {{}}"
        self.connection.execute(sql.SQL(command).format(names, places, updates), list(columns.values()))

    def remove(self, row: int) -> None:
        self.connection.execute(f"DELETE FROM {TABLE} WHERE id = %s", [row])

    def sever(self) -> None:
        self.connection.execute(_SEVER)
