"""The suite's system of the source `postgres`."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg
import pytest

from connectors.kit import source_manifest
from connectors.kit.source_system import TABLE
from connectors.sources.postgres import PostgresSource, source
from schemas.settings import Settings
from tests.contract.postgres_rows import PostgresRows

_TABLE = f"""
CREATE TABLE {TABLE} (id bigint PRIMARY KEY, ma text, ho_ten text);
ALTER TABLE {TABLE} REPLICA IDENTITY FULL;
"""

_DROP_SLOT = "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = %s"


@dataclass
class System(PostgresRows):
    """See `connectors.kit.SourceSystem`."""

    dsn: str
    slot: str

    def source(self) -> PostgresSource:
        return source(source_manifest({"kind": "postgres", "dsn": self.dsn, "slot": self.slot}), Settings())


@contextmanager
def system(request: pytest.FixtureRequest) -> Iterator[System]:
    server = request.getfixturevalue("postgres")
    name = server.create_database()
    slot = f"slot_{name}"
    with psycopg.connect(server.dsn(name), autocommit=True) as connection:
        connection.execute(_TABLE)
        made = System(connection, server.dsn(name), slot)
        yield made
        made.sever()
        connection.execute(_DROP_SLOT, [slot])
