"""The LSN is confirmed only behind Kafka's acknowledgement: a source that dies between the two loses nothing.

`LIENTHONG_DEATHS=100` for a whole campaign.
"""

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from connectors.sources.postgres_capture import lsn
from deploy.embedded.kafka import Kafka as Server
from tests.integration.shared_servers import SharedPostgres
from tests.integration.source_database import Database, fresh
from tests.integration.source_process import Process, prepared_city

_DEATHS = int(os.environ.get("LIENTHONG_DEATHS", "10"))
_TABLE = "CREATE TABLE nguon (id bigint PRIMARY KEY, ten text); ALTER TABLE nguon REPLICA IDENTITY FULL;"


@pytest.fixture
def database(postgres: SharedPostgres) -> Iterator[Database]:
    with fresh(postgres, _TABLE) as made:
        yield made


@pytest.fixture
def process(
    private_kafka: Callable[[], Server], registry: str, tmp_path: Path, database: Database
) -> Iterator[Process]:
    made = Process(prepared_city(private_kafka().bootstrap, registry, tmp_path, database), tmp_path / "log")
    yield made
    made.end()


class Writing:
    """Inserts a row now and then; `ends` tells where in the WAL each was committed."""

    def __init__(self, dsn: str) -> None:
        self.ends: dict[str, int] = {}
        self._dsn = dsn
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> "Writing":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        with psycopg.connect(self._dsn, autocommit=True) as connection:
            while not self._stop.wait(0.005):
                row = len(self.ends) + 1
                connection.execute("INSERT INTO nguon VALUES (%s, 'x')", [row])
                [end] = connection.execute("SELECT pg_current_wal_insert_lsn()::text").fetchone() or ("0/0",)
                self.ends[str(row)] = lsn.parse(end)


def _die(process: Process, deaths: int, *more: str) -> None:
    settings = process.city.settings
    environment = {
        "LIENTHONG_KAFKA": settings.kafka,
        "LIENTHONG_REGISTRY": settings.registry,
        "LIENTHONG_SECRETS": str(settings.secrets),
    }
    command = [sys.executable, "-m", "tests.integration.dying_source", process.city.system, str(deaths), *more]
    with process.log.open("ab") as log:
        subprocess.run(command, env={**os.environ, **environment}, stderr=log, timeout=60 + 10 * deaths, check=True)


def _lost(process: Process, database: Database, writing: Writing) -> set[str]:
    """Rows that the server may have forgotten and that Kafka does not have."""
    found = database.one(
        f"SELECT confirmed_flush_lsn::text FROM pg_replication_slots WHERE slot_name='{database.slot}'"
    )
    confirmed = lsn.parse(found)
    there = {record.value["row"] for record in process.city.records(process.city.raw)}
    return {row for row, end in dict(writing.ends).items() if end <= confirmed} - there


@pytest.mark.timeout(200 + 10 * _DEATHS)
def test_a_source_that_dies_around_its_confirmation_loses_nothing(process: Process, database: Database) -> None:
    with Writing(database.dsn) as writing:
        done = 0
        while done < _DEATHS:
            deaths = min(5, _DEATHS - done)
            _die(process, deaths)
            done += deaths
            assert _lost(process, database, writing) == set()
    process.start()
    process.city.until(process.city.raw, lambda found: {r.value["row"] for r in found} >= writing.ends.keys())
    epochs = {record.value["epoch"] for record in process.city.records(process.city.raw)}
    assert len(epochs) <= 3  # only the snapshot may have been begun again


def test_one_that_confirms_before_kafka_has_answered_is_found_out(process: Process, database: Database) -> None:
    running = process.start()
    process.city.until(process.city.raw, lambda records: len(records) == 6)
    running.terminate()
    running.wait(10)
    with Writing(database.dsn) as writing:
        for _ in range(6):
            _die(process, 2, "hasty")
            if _lost(process, database, writing):
                return
    raise AssertionError("nothing was lost: the test above cannot fail")
