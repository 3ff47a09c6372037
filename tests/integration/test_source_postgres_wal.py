"""WAL that the server keeps for us: measured, and past a limit given up, also while nobody reads."""

import time
from collections.abc import Callable, Iterator

import psycopg
import pytest
from prometheus_client import REGISTRY

from connectors.errors import SourceUnavailable
from connectors.kit import KeptMemory
from connectors.sources import postgres
from deploy.embedded.postgres import Postgres
from schemas.settings import Settings
from tests.integration.reference_consumer import Consumer
from tests.integration.shared_servers import SharedPostgres
from tests.integration.source_database import Database, Reading, fresh

_TABLE = """
CREATE TABLE nguon (id bigint PRIMARY KEY, ten text);
ALTER TABLE nguon REPLICA IDENTITY FULL;
INSERT INTO nguon VALUES (1, 'a'), (2, 'b');
"""
#: The server is shared, and what others write is held back too: so the limit is far above that, and far below this.
_LIMIT = "32MB"
_MUCH = """
INSERT INTO nguon SELECT g, 'x' FROM generate_series(1000, 5000) g;
SELECT pg_logical_emit_message(false, 'test', repeat('x', 1000000)) FROM generate_series(1, 48);
DELETE FROM nguon WHERE id = 2
"""


@pytest.fixture
def database(postgres: SharedPostgres) -> Iterator[Database]:
    with fresh(postgres, _TABLE) as made:
        yield made


@pytest.fixture(autouse=True)
def _looks_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connectors.sources.postgres_capture.guard.SECONDS", 0.1)


def _reading(database: Database, limit: str | int, after: Reading | None = None) -> Reading:
    manifest = database.manifest("public.nguon")
    limited = manifest.model_copy(update={"connect": {**manifest.connect, "wal_limit": limit}})
    source = postgres.source(limited, Settings())
    database._opened.append(source)
    reading = Reading(source, KeptMemory(after.memory if after else None))
    reading.open()
    return reading


def _until(done: Callable[[], object]) -> None:
    deadline = time.monotonic() + 30
    while not done():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def _slots(database: Database) -> int:
    return int(database.one(f"SELECT count(*) FROM pg_replication_slots WHERE slot_name = '{database.slot}'"))


def _metric(name: str) -> float:
    return REGISTRY.get_sample_value(name, {"system": "nguon"}) or 0.0


def test_past_the_limit_the_slot_is_given_up_loudly_and_everything_is_read_anew(
    database: Database, capfd: pytest.CaptureFixture[str]
) -> None:
    reading = _reading(database, _LIMIT).snapshot()
    given_up = _metric("lienthong_source_slots_given_up_total")
    database.run(_MUCH)
    _until(lambda: _slots(database) == 0)  # nobody reads meanwhile, as while Kafka is away
    assert _metric("lienthong_source_slots_given_up_total") == given_up + 1
    assert "the slot is given up" in capfd.readouterr().out
    database.run("DELETE FROM nguon WHERE id = 1; INSERT INTO nguon VALUES (3, 'c')")
    with pytest.raises(SourceUnavailable):
        reading.until(lambda: False)
    reading.open()
    reading.until(lambda: reading.events[-1]["operation"] == "snapshot_end" and reading.events[-1]["epoch"] == 2)
    rows = Consumer("public.nguon").read(reading.events).rows
    assert set(rows) == {"3", *map(str, range(1000, 5001))}
    assert "the replication slot is gone" in capfd.readouterr().out


def test_what_was_kept_too_long_while_we_were_away_is_given_up_at_the_start(database: Database) -> None:
    first = _reading(database, _LIMIT).snapshot()
    first.source.close()
    database.run(_MUCH)
    second = _reading(database, _LIMIT, after=first).snapshot()
    assert {event["epoch"] for event in second.events} == {2}


@pytest.mark.parametrize("limit", [0, "50GB"])
def test_below_the_limit_it_is_only_measured(database: Database, limit: str | int) -> None:
    reading = _reading(database, limit).snapshot()
    database.run(_MUCH)
    _until(lambda: _metric("lienthong_source_wal_held_bytes") > 1_000_000)
    reading.until(lambda: any(event["operation"] == "delete" for event in reading.events))
    assert {event["epoch"] for event in reading.events} == {1}


def test_it_goes_on_measuring_after_the_server_was_away(private_postgres: Callable[[], Postgres]) -> None:
    server = private_postgres()
    with psycopg.connect(server.dsn(), autocommit=True) as connection:
        database = Database("postgres", server.dsn(), connection)
        database.run(_TABLE)
        reading = _reading(database, "1MB").snapshot()
    server.kill()
    server.start()
    server.wait_ready()
    with psycopg.connect(server.dsn(), autocommit=True) as connection:
        connection.execute(_MUCH.encode())
        _until(lambda: connection.execute("SELECT count(*) FROM pg_replication_slots").fetchone() == (0,))
    reading.source.close()


@pytest.mark.parametrize("limit", ["5", "5kB", "GB", 7])
def test_a_limit_that_is_no_size_is_refused(limit: str | int) -> None:
    with pytest.raises(ValueError, match="50GB"):
        postgres.Connect.model_validate({"kind": "postgres", "dsn": "", "wal_limit": limit})
