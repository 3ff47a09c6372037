"""The suite's system of the source `sql_poll`: a table on PostgreSQL with a trigger that sets its cursor."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from connectors.kit import source_manifest
from connectors.kit.source_system import TABLE
from connectors.sources.sql_poll import SqlPollSource, source
from schemas.settings import Settings

_TABLE = f"""
CREATE TABLE {TABLE} (id bigint PRIMARY KEY, ma text, ho_ten text, cap_nhat timestamptz NOT NULL);
CREATE INDEX ON {TABLE} (cap_nhat);
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN NEW.cap_nhat := clock_timestamp(); RETURN NEW; END $$;
CREATE TRIGGER touch BEFORE INSERT OR UPDATE ON {TABLE} FOR EACH ROW EXECUTE FUNCTION touch();
"""

_SEVER = """
SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
WHERE datname = current_database() AND application_name LIKE 'lienthong source %'
"""


@dataclass
class System:
    """See `connectors.kit.SourceSystem`."""

    url: str
    data: Path
    connection: psycopg.Connection

    def source(self) -> SqlPollSource:
        connect = {
            "kind": "sql_poll",
            "url": self.url,
            "cursors": {TABLE: "cap_nhat"},
            "every": "20ms",
            "lateness": "1s",
            "sweep": "100ms",
        }
        return source(source_manifest(connect), Settings(data=self.data))

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
    url = server.dsn(name).replace("postgresql://", "postgresql+psycopg://", 1)
    with psycopg.connect(server.dsn(name), autocommit=True) as connection:
        connection.execute(_TABLE)
        yield System(url, request.getfixturevalue("tmp_path"), connection)
        connection.execute(_SEVER)
