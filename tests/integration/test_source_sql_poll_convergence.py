"""Random histories: what the events amount to is what the table holds, whatever was late, equal, killed or lost."""

import random
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import pytest

from connectors.errors import Fenced
from tests.integration.polled_database import TABLE, Polled, Reading, Replay, polled
from tests.integration.shared_servers import SharedPostgres

_TABLE = f"""
CREATE TABLE {TABLE} (id bigint PRIMARY KEY, ten text, cap_nhat timestamptz NOT NULL);
CREATE INDEX ON {TABLE} (cap_nhat);
INSERT INTO {TABLE} SELECT g, 'cũ ' || g, now() FROM generate_series(1, 8) g;
"""
_LATENESS = 1.5
_SECONDS = 20.0


@pytest.fixture
def database(postgres: SharedPostgres, tmp_path: Path) -> Iterator[Polled]:
    with polled(postgres, tmp_path, _TABLE) as made:
        yield made


@dataclass
class Late:
    """A transaction that has taken its time and not committed."""

    connection: psycopg.Connection[Any]
    row: int
    begun: float


@dataclass
class Writers:
    """The people who use the system."""

    database: Polled
    chance: random.Random
    stack: ExitStack
    late: list[Late] = field(default_factory=list)
    clock: str = "clock_timestamp()"

    def act(self, *, deleting: bool) -> None:
        row = self.chance.choice([n for n in range(1, 20) if n not in {late.row for late in self.late}])
        act = self.chance.choice(["put", "put", "put", "late", "same", "delete" if deleting else "put"])
        if act == "delete":
            self.database.run(f"DELETE FROM {TABLE} WHERE id = {row}")
        elif act == "same":
            # Rows of one transaction share one time.
            rows = {row, *(n for n in range(20, 24))}
            values = ", ".join(f"({n}, 'cùng {self.chance.random()}', now())" for n in sorted(rows))
            self.database.run(_put(values))
        elif act == "late" and len(self.late) < 3:
            self._begin(row)
        else:
            self.database.run(_put(f"({row}, '{self.chance.random()}', {self.clock})"))

    def finish(self, *, all_of_them: bool = False) -> None:
        """Commit some of the late ones; one that has become later than is declared is rolled back."""
        for late in list(self.late):
            age = time.monotonic() - late.begun
            if all_of_them or age > self.chance.uniform(0.1, 0.8) * _LATENESS:
                self.late.remove(late)
                late.connection.execute(b"COMMIT" if age < 0.85 * _LATENESS else b"ROLLBACK")

    def _begin(self, row: int) -> None:
        connection = self.stack.enter_context(psycopg.connect(self.database.dsn, autocommit=True))
        begun = time.monotonic()
        connection.execute(b"BEGIN")
        connection.execute(_put(f"({row}, 'muộn {self.chance.random()}', {self.clock})").encode())
        self.late.append(Late(connection, row, begun))


def _put(values: str) -> str:
    return (
        f"INSERT INTO {TABLE} VALUES {values} "
        "ON CONFLICT (id) DO UPDATE SET ten = excluded.ten, cap_nhat = excluded.cap_nhat"
    )


def _names(replay: Replay) -> dict[str, Any]:
    return {row: after["ten"] for row, after in replay.rows().items()}


@pytest.mark.parametrize("clock", ["clock_timestamp()", "date_trunc('second', clock_timestamp())"])
def test_late_commits_and_ties_are_seen_without_a_sweep(database: Polled, clock: str) -> None:
    replay, reading = Replay(), database.read(lateness=f"{int(_LATENESS * 1000)}ms", sweep="1h")
    reading.snapshot()
    taken = 0

    def settled() -> bool:
        nonlocal taken
        for event in reading.events[taken:]:
            replay.take(event)
        taken = len(reading.changes)
        return _names(replay) == database.names()

    # The only sweep in an hour, which is for what was on its way during the snapshot.
    until = time.monotonic() + _LATENESS + 0.2
    while time.monotonic() < until:
        reading.step()
    with ExitStack() as stack:
        writers = Writers(database, random.Random(20), stack, clock=clock)
        until = time.monotonic() + 3 * _LATENESS
        while time.monotonic() < until:
            writers.act(deleting=False)
            writers.finish()
            reading.step(0.02)
        writers.finish(all_of_them=True)
        reading.until(settled)
    assert settled()


@dataclass
class City:
    """Kafka, and the processes that come and go."""

    database: Polled
    chance: random.Random
    act: Callable[[], None]
    replay: Replay = field(default_factory=Replay)
    reading: Reading | None = None
    ended: Reading | None = None

    def step(self) -> None:
        """One read, handed over whole; or a kill with none, some or all of it in Kafka; or a takeover."""
        reading = self.reading = self.reading or self._start()
        if self.chance.random() < 0.02:
            reading.memory.ask()
        found = reading.source.read(0.005)
        if found is None:
            return
        kill = self.chance.random() < 0.3
        taken = self.chance.randint(0, len(found.items)) if kill else len(found.items)
        for change in found.items[:taken]:
            self.replay.take(change.event)
        if kill:
            self.reading, self.ended = None, reading
            self.chance.choice([self._die, self._be_replaced])(reading)
        elif self.chance.random() < 0.5:
            reading.source.confirm(found.token)

    def _start(self) -> Reading:
        return self.database.read(after=self.ended, lateness=f"{int(_LATENESS * 1000)}ms", sweep="20ms")

    def _die(self, reading: Reading) -> None:
        reading.source.close()
        for _ in range(self.chance.randint(0, 3)):
            self.act()
        if self.chance.random() < 0.3:
            self.database.lose_store()

    def _be_replaced(self, reading: Reading) -> None:
        """It does not know, and goes on for a while; what it says still arrives."""
        self.reading = self._start()
        with suppress(Fenced):
            for _ in range(4):
                self.act()
                late = reading.source.read(0.005)
                for change in late.items if late else []:
                    self.replay.take(change.event)
        reading.source.close()


@pytest.mark.parametrize("seed", range(2))
def test_kills_takeovers_and_lost_disks_lose_nothing(database: Polled, seed: int) -> None:
    with ExitStack() as stack:
        writers = Writers(database, random.Random(seed), stack)
        city = City(database, random.Random(seed), lambda: writers.act(deleting=True))
        for _ in range(15):
            for _ in range(5):
                writers.act(deleting=True)
                writers.finish()
                city.step()
            writers.finish(all_of_them=True)
            until = time.monotonic() + _SECONDS
            while (said := _names(city.replay)) != (held := database.names()):
                assert time.monotonic() < until, (said, held)
                city.step()
    assert city.replay.rows()
