"""The suite's target of the sink `postgres`: a table that has, beside what is mapped, all that a real one may have."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg
import pytest
from psycopg.rows import dict_row

from connectors.kit import sink_manifest
from connectors.kit.sink_target import COLUMNS, KEY, NAME_LIMIT, TABLE
from connectors.sinks.postgres import PostgresSink, sink
from schemas.records import Row
from schemas.settings import Settings

_TABLE = f"""
CREATE TABLE {TABLE} (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  {KEY} text NOT NULL UNIQUE,
  ho_ten varchar({NAME_LIMIT}),
  ngay_sinh text,
  ghi_chu text,
  trang_thai text NOT NULL DEFAULT 'mới',
  dai int GENERATED ALWAYS AS (length(ho_ten)) STORED
);
CREATE TABLE lich_su (so bigint GENERATED ALWAYS AS IDENTITY, viec text NOT NULL);
CREATE FUNCTION ghi_lich_su() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN INSERT INTO lich_su (viec) VALUES (tg_op); RETURN NULL; END $$;
CREATE TRIGGER lich_su AFTER INSERT OR UPDATE OR DELETE ON {TABLE} FOR EACH ROW EXECUTE FUNCTION ghi_lich_su();
"""

_SEVER = """
SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
WHERE datname = current_database() AND application_name LIKE 'lienthong/%'
"""


@dataclass
class Target:
    """See `connectors.kit.SinkTarget`."""

    dsn: str
    connection: psycopg.Connection

    def sink(self) -> PostgresSink:
        return sink(sink_manifest({"kind": "postgres", "dsn": self.dsn}), Settings())

    def rows(self) -> dict[str, Row]:
        with self.connection.cursor(row_factory=dict_row) as cursor:
            found = cursor.execute(f"SELECT {KEY}, {', '.join(COLUMNS)} FROM {TABLE}")
            return {row[KEY]: row for row in found}

    def changes(self) -> int:
        [count] = self.connection.execute("SELECT count(*) FROM lich_su").fetchone() or (0,)
        return int(count)

    def sever(self) -> None:
        self.connection.execute(_SEVER)


@contextmanager
def target(request: pytest.FixtureRequest) -> Iterator[Target]:
    server = request.getfixturevalue("postgres")
    dsn = server.dsn(server.create_database())
    with psycopg.connect(dsn, autocommit=True) as connection:
        yield target_on(dsn, connection)


def target_on(dsn: str, connection: psycopg.Connection) -> Target:
    """The table, in an empty database."""
    connection.execute(_TABLE)
    return Target(dsn, connection)
