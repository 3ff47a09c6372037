"""The suite's system of the source `sql_poll`: a table on PostgreSQL with a trigger that sets its cursor."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from connectors.kit import source_manifest
from connectors.kit.source_system import TABLE
from connectors.sources.sql_poll import SqlPollSource, source
from schemas.settings import Settings
from tests.contract.postgres_rows import PostgresRows

_TABLE = f"""
CREATE TABLE {TABLE} (id bigint PRIMARY KEY, ma text, ho_ten text, cap_nhat timestamptz NOT NULL);
CREATE INDEX ON {TABLE} (cap_nhat);
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN NEW.cap_nhat := clock_timestamp(); RETURN NEW; END $$;
CREATE TRIGGER touch BEFORE INSERT OR UPDATE ON {TABLE} FOR EACH ROW EXECUTE FUNCTION touch();
"""


@dataclass
class System(PostgresRows):
    """See `connectors.kit.SourceSystem`."""

    url: str
    data: Path

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


@contextmanager
def system(request: pytest.FixtureRequest) -> Iterator[System]:
    server = request.getfixturevalue("postgres")
    name = server.create_database()
    url = server.dsn(name).replace("postgresql://", "postgresql+psycopg://", 1)
    with psycopg.connect(server.dsn(name), autocommit=True) as connection:
        connection.execute(_TABLE)
        made = System(connection, url, request.getfixturevalue("tmp_path"))
        yield made
        made.sever()
