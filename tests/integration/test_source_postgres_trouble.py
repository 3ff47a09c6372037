"""A server that is killed, stopped or slow: the source says so, and goes on when it is opened again."""

import threading
import time
from collections.abc import Callable, Iterator

import psycopg
import pytest

from connectors.errors import SourceUnavailable
from connectors.kit import KeptMemory
from connectors.sources.postgres_capture import lsn, session
from deploy.embedded.postgres import Postgres
from tests.integration.source_database import Database, Reading

_TABLE = """
CREATE TABLE nguon (id bigint PRIMARY KEY, ten text);
ALTER TABLE nguon REPLICA IDENTITY FULL;
INSERT INTO nguon VALUES (1, 'a');
"""


@pytest.fixture
def server(private_postgres: Callable[[], Postgres]) -> Iterator[Postgres]:
    made = private_postgres()
    with psycopg.connect(made.dsn(), autocommit=True) as connection:
        connection.execute(_TABLE.encode())
    yield made


def _reading(server: Postgres, after: Reading | None = None) -> Reading:
    with psycopg.connect(server.dsn(), autocommit=True) as connection:
        database = Database("postgres", server.dsn(), connection)
        reading = Reading(database.source(), KeptMemory(after.memory if after else None))
    reading.open()
    return reading


def _run(server: Postgres, *statements: str) -> None:
    with psycopg.connect(server.dsn(), autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement.encode())


def test_a_server_that_is_killed_loses_nothing(server: Postgres) -> None:
    reading = _reading(server).snapshot()
    for round_ in range(3):
        row = 10 * (round_ + 1)
        _run(server, f"INSERT INTO nguon VALUES ({row}, 'x'), ({row + 1}, 'y')", f"DELETE FROM nguon WHERE id = {row}")
        if round_ != 1:
            reading.until(lambda: reading.streamed)
            reading.confirm()
        server.kill()
        with pytest.raises(SourceUnavailable):
            reading.until(lambda: False)
        server.start()
        server.wait_ready()
        reading.open()
    _run(server, "INSERT INTO nguon VALUES (99, 'last')")
    reading.until(lambda: reading.events[-1]["row"] == "99")
    assert set(reading.rows()) == {"1", "11", "21", "31", "99"}
    assert {event["epoch"] for event in reading.events} == {1}


def test_a_server_that_is_killed_during_the_snapshot_is_read_anew(server: Postgres) -> None:
    _run(server, "INSERT INTO nguon SELECT g, 'x' FROM generate_series(2, 20000) g")
    reading = _reading(server)
    reading.until(lambda: len(reading.events) > 1000)
    server.kill()
    with pytest.raises(SourceUnavailable):
        reading.until(lambda: False)
    server.start()
    server.wait_ready()
    reading.open()
    reading.until(lambda: reading.events[-1]["operation"] == "snapshot_end")
    rows = [event for event in reading.events if event["epoch"] == 2 and event["operation"] == "read"]
    assert len(rows) == 20000


def test_a_server_that_is_away_is_unavailable_and_named_without_its_password(server: Postgres) -> None:
    reading = _reading(server).snapshot()
    stopping = threading.Thread(target=server.stop)
    began = time.monotonic()
    stopping.start()
    with pytest.raises(SourceUnavailable):
        reading.until(reading.confirm)
    reading.source.close()
    stopping.join()
    assert time.monotonic() - began < 10  # it waits for its readers to have confirmed everything
    with pytest.raises(SourceUnavailable, match="connecting to nguon") as caught:
        reading.source.open(reading.memory)
    assert server.password not in str(caught.value)


def test_a_slot_whose_wal_is_gone_begins_anew(server: Postgres, capfd: pytest.CaptureFixture[str]) -> None:
    reading = _reading(server).snapshot()
    reading.source.close()
    _run(server, "ALTER SYSTEM SET max_slot_wal_keep_size = '1MB'", "SELECT pg_reload_conf()")
    for _ in range(4):
        _run(server, "SELECT pg_switch_wal()", "INSERT INTO nguon SELECT max(id) + 1, 'x' FROM nguon", "CHECKPOINT")
    second = _reading(server, reading).snapshot()
    assert {event["epoch"] for event in second.events} == {2}
    assert len(second.rows()) == 5
    assert "max_slot_wal_keep_size" in capfd.readouterr().out


def test_a_reader_that_pauses_within_a_transaction_confirms_nothing_of_its_own_accord(
    private_postgres: Callable[[], Postgres], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server sends keepalives meanwhile; a transaction that was read before and not confirmed must not be lost."""
    monkeypatch.setitem(session.SETTINGS, "wal_sender_timeout", "6s")  # a keepalive after 3 s of silence
    server = private_postgres()
    _run(server, _TABLE)
    reading = _reading(server).snapshot()
    with psycopg.connect(server.dsn()) as large:
        large.execute("INSERT INTO nguon SELECT g, repeat('x', 1000) FROM generate_series(1000, 30000) g")
        _run(server, "INSERT INTO nguon VALUES (2, 'confirmed')")
        reading.stream(1)
        reading.confirm()
        _run(server, "INSERT INTO nguon VALUES (3, 'never confirmed')")
        reading.stream(2)
        committed = reading.streamed[1]["commit"]
        large.commit()
    paused = 0
    while len(reading.streamed) < 29_003:
        reading.step()
        if paused < 3 and len(reading.streamed) > 6000 * (paused + 1):
            paused += 1
            _wait(server, 3.3)
    with psycopg.connect(server.dsn(), autocommit=True) as connection:
        [position] = connection.execute("SELECT confirmed_flush_lsn::text FROM pg_replication_slots").fetchone() or (
            "",
        )
    assert lsn.parse(position) <= committed


def _wait(server: Postgres, seconds: float) -> None:
    """The pause itself is what is tested: the server waits meanwhile for a sign of life."""
    _run(server, f"SELECT pg_sleep({seconds})")
