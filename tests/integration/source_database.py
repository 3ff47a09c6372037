"""A database of the test's own, and a source of the kind `postgres` that reads one or more tables of it."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import psycopg

from connectors.errors import SourceUnavailable
from connectors.kit import KeptMemory
from connectors.sources.postgres import PostgresSource, source
from connectors.values import Change
from schemas.manifest import Manifest
from schemas.records import MARKERS, ChangeEvent
from schemas.settings import Settings
from tests.integration.shared_servers import SharedPostgres

_SECONDS = 30.0


@dataclass
class Reading:
    """One start of a source, read as `run_source` reads it."""

    source: PostgresSource
    memory: KeptMemory
    changes: list[Change] = field(default_factory=list)
    token: object = None

    def open(self) -> None:
        """Open, trying again what passes."""
        until = time.monotonic() + _SECONDS
        while True:
            try:
                return self.source.open(self.memory)
            except SourceUnavailable:
                if time.monotonic() > until:
                    raise
                time.sleep(0.05)

    @property
    def events(self) -> list[ChangeEvent]:
        """All events so far."""
        return [change.event for change in self.changes]

    @property
    def streamed(self) -> list[ChangeEvent]:
        """Those after the snapshot."""
        return [event for event in self.events if event["transaction"] is not None]

    def step(self, timeout: float = 0.1) -> None:
        """One read."""
        found = self.source.read(timeout)
        if found is not None:
            self.changes += found.items
            self.token = found.token

    def until(self, done: Callable[[], Any]) -> "Reading":
        """Read until `done()`. Fails when that takes too long."""
        deadline = time.monotonic() + _SECONDS
        while not done():
            if time.monotonic() > deadline:
                raise AssertionError(
                    f"waited {_SECONDS:.0f} s; got {[(e['operation'], e['row']) for e in self.events]}"
                )
            self.step()
        return self

    def snapshot(self) -> "Reading":
        """Read the whole snapshot and confirm it."""
        resources = {"snapshot_begin": 0, "snapshot_end": 0}

        def complete() -> bool:
            for name in resources:
                resources[name] = sum(event["operation"] == name for event in self.events)
            return resources["snapshot_end"] > 0 and self.token is not None and bool(self.token.position)  # type: ignore[attr-defined]

        self.until(complete)
        self.confirm()
        return self

    def stream(self, count: int) -> list[ChangeEvent]:
        """Read until there are `count` streamed events; these."""
        self.until(lambda: len(self.streamed) >= count)
        assert len(self.streamed) == count, [(e["operation"], e["row"]) for e in self.streamed]
        return self.streamed

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

    def confirm(self) -> None:
        """Everything read so far is safe."""
        self.source.confirm(self.token)


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
        reading.open()
        return reading

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
