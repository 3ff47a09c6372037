"""A database of the test's own, and a source of the kind `postgres` that reads one or more tables of it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import psycopg

from connectors.kit import KeptMemory
from connectors.sources.postgres import PostgresSource, source
from schemas.manifest import Manifest
from schemas.records import MARKERS
from schemas.settings import Settings
from tests.integration.shared_servers import SharedPostgres
from tests.integration.source_reading import SourceReading


class Reading(SourceReading[PostgresSource]):
    """A source that reads the log."""

    def is_complete(self) -> bool:
        ended = any(event["operation"] == "snapshot_end" for event in self.events)
        return ended and self.token is not None and bool(self.token.position)

    def rows(self) -> dict[str, Any]:
        """The table as the events describe it, by row, in their order."""
        found: dict[str, Any] = {}
        for event in self.events:
            if event["operation"] == "truncate":
                found.clear()
            elif event["operation"] not in MARKERS:
                found.pop(event["previous_row"] or event["row"], None)
                if event["after"] is not None:
                    found[event["row"]] = event["after"]
        return found


@dataclass
class Database:
    """`connection` is the test's, in autocommit, as superuser."""

    name: str
    dsn: str
    connection: psycopg.Connection[Any]
    _opened: list[PostgresSource] = field(default_factory=list)

    @property
    def slot(self) -> str:
        """Name of the slot and publication."""
        return f"slot_{self.name}"

    def run(self, statements: str) -> None:
        """Several statements."""
        self.connection.execute(statements.encode())

    def one(self, query: str) -> Any:
        """The only cell that a query finds."""
        found = self.connection.execute(query.encode()).fetchone()
        return found[0] if found else None

    def manifest(self, *tables: str, key: dict[str, str] | None = None, dsn: str = "") -> Manifest:
        """A system that publishes these tables."""
        fields = {"full_name": (key or {"else": "id"})["else"]}
        publications = [{"from": table, "key": key or {"else": "id"}, "fields": fields} for table in tables]
        connect = {"kind": "postgres", "dsn": dsn or self.dsn, "slot": self.slot}
        return Manifest.model_validate({"system": "nguon", "connect": connect, "publishes": {"person": publications}})

    def source(self, *tables: str, key: dict[str, str] | None = None, dsn: str = "") -> PostgresSource:
        """A source of these tables, by default of `public.nguon`."""
        made = source(self.manifest(*(tables or ("public.nguon",)), key=key, dsn=dsn), Settings())
        self._opened.append(made)
        return made

    def read(self, *tables: str, after: Reading | None = None, key: dict[str, str] | None = None) -> Reading:
        """The same, opened; a later generation than `after`."""
        reading = Reading(self.source(*tables, key=key), KeptMemory(after.memory if after else None))
        return reading.open()

    def close(self) -> None:
        """Sources, slot, connection."""
        for opened in self._opened:
            opened.close()
        self.run(_END_READERS)
        self.connection.execute(_DROP_SLOT, [self.slot])
        self.connection.close()


_END_READERS = """
SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()
"""
_DROP_SLOT = "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = %s"


@contextmanager
def fresh(server: SharedPostgres, statements: str) -> Iterator[Database]:
    """A new database in which `statements` have been run."""
    name = server.create_database()
    database = Database(name, server.dsn(name), psycopg.connect(server.dsn(name), autocommit=True))
    database.run(statements)
    try:
        yield database
    finally:
        database.close()
