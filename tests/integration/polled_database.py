"""A PostgreSQL database of the test's own that is polled, and what the events of its source amount to downstream."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg

from connectors.kit import KeptMemory
from connectors.sources.sql_poll import SqlPollSource, source
from schemas.manifest import Manifest
from schemas.records import MARKERS, ChangeEvent, Row
from schemas.settings import Settings
from streams.deduplicate import NO_FLOOR
from streams.floors import floor_set_by
from tests.integration.shared_servers import SharedPostgres
from tests.integration.source_reading import SourceReading

TABLE = "public.doanh_nghiep"


class Replay:
    """Rows of one table by the position rule alone, as the agents apply it; events may come again and late."""

    def __init__(self) -> None:
        self._said: dict[str, tuple[tuple[int, int, int], Row | None]] = {}
        self._floor = NO_FLOOR

    def take(self, event: ChangeEvent) -> None:
        """One event, in the order of Kafka."""
        if event["operation"] in MARKERS:
            self._floor = max(self._floor, floor_set_by(event) or NO_FLOOR)
            self._said = {row: said for row, said in self._said.items() if said[0] >= self._floor}
            return
        place = event["epoch"], event["commit"], event["ordinal"]
        held = self._said.get(event["row"])
        if place >= self._floor and (held is None or place > held[0]):
            self._said[event["row"]] = place, event["after"]

    def rows(self) -> dict[str, Row]:
        """What stands."""
        return {row: after for row, (_, after) in self._said.items() if after is not None}


class Reading(SourceReading[SqlPollSource]):
    """A source that polls."""

    def is_complete(self) -> bool:
        return self.token is not None and bool(self.token.commit)


@dataclass
class Polled:
    """`connection` is the test's, in autocommit, as superuser; `data` the folder of the sources' local store."""

    name: str
    dsn: str
    data: Path
    connection: psycopg.Connection[Any]
    opened: list[SqlPollSource] = field(default_factory=list)

    @property
    def url(self) -> str:
        """As SQLAlchemy takes it."""
        return self.dsn.replace("postgresql://", "postgresql+psycopg://", 1)

    def run(self, statements: str) -> None:
        """Several statements."""
        self.connection.execute(statements.encode())

    def manifest(self, **connect: Any) -> Manifest:
        """A system that publishes TABLE, polled fast."""
        publication = {"from": TABLE, "key": {"else": "id"}, "fields": {"full_name": "ten"}}
        fast = {"every": "10ms", "lateness": "1s", "sweep": "50ms", "cursors": {TABLE: "cap_nhat"}}
        return Manifest.model_validate(
            {
                "system": "dkkd",
                "connect": {"kind": "sql_poll", "url": self.url, **fast, **connect},
                "publishes": {"person": publication},
            }
        )

    def source(self, **connect: Any) -> SqlPollSource:
        """A source that is not open yet."""
        made = source(self.manifest(**connect), Settings(data=self.data))
        self.opened.append(made)
        return made

    def read(self, *, after: Reading | None = None, **connect: Any) -> Reading:
        """A source, opened; a later generation than `after`."""
        reading = Reading(self.source(**connect), KeptMemory(after.memory if after else None))
        return reading.open()

    def names(self) -> dict[str, Any]:
        """The table as it is: `ten` by `id`."""
        return {str(row): ten for row, ten in self.connection.execute(f"SELECT id, ten FROM {TABLE}".encode())}

    def lose_store(self) -> None:
        """What the sources keep on this machine is gone."""
        for path in (self.data / "sources").iterdir():
            path.unlink()


@contextmanager
def polled(server: SharedPostgres, data: Path, statements: str) -> Iterator[Polled]:
    """A new database in which `statements` have been run."""
    name = server.create_database()
    with psycopg.connect(server.dsn(name), autocommit=True) as connection:
        database = Polled(name, server.dsn(name), data, connection)
        database.run(statements)
        yield database
        for opened in database.opened:
            opened.close()
