"""The suite's system of the source `postgres`."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg
import pytest
from psycopg import sql

from connectors.kit import source_manifest
from connectors.kit.source_system import TABLE
from connectors.sources.postgres import PostgresSource, source
from schemas.settings import Settings

_TABLE = f"""
CREATE TABLE {TABLE} (id bigint PRIMARY KEY, ma text, ho_ten text);
ALTER TABLE {TABLE} REPLICA IDENTITY FULL;
"""

_SEVER = """
SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
WHERE datname = current_database() AND application_name LIKE 'lienthong source %'
"""

_DROP_SLOT = "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = %s"


@dataclass
class System:
    """See `connectors.kit.SourceSystem`."""

    dsn: str
    slot: str
    connection: psycopg.Connection

    def source(self) -> PostgresSource:
        return source(source_manifest({"kind": "postgres", "dsn": self.dsn, "slot": self.slot}), Settings())

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


@contextmanager
def system(request: pytest.FixtureRequest) -> Iterator[System]:
    server = request.getfixturevalue("postgres")
    name = server.create_database()
    slot = f"slot_{name}"
    with psycopg.connect(server.dsn(name), autocommit=True) as connection:
        connection.execute(_TABLE)
        yield System(server.dsn(name), slot, connection)
        connection.execute(_SEVER)
        connection.execute(_DROP_SLOT, [slot])
