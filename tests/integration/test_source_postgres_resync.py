"""Tables that are read anew while changes go on being read."""

import random
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest

from connectors.errors import SourceUnavailable
from connectors.kit import KeptMemory
from connectors.resync_requests import is_done
from connectors.sources.postgres_capture import resync
from deploy.embedded.postgres import Postgres
from schemas.records import ResyncRequest
from tests.integration.reference_consumer import Consumer
from tests.integration.shared_servers import SharedPostgres
from tests.integration.source_database import Database, Reading, fresh
from tests.integration.table_changes import COUNTED, Changing

_TABLE = """
CREATE TABLE nguon (id bigint PRIMARY KEY, ten text);
ALTER TABLE nguon REPLICA IDENTITY FULL;
INSERT INTO nguon SELECT g, 'a' FROM generate_series(1, 2500) g;
"""


@pytest.fixture
def database(postgres: SharedPostgres) -> Iterator[Database]:
    with fresh(postgres, _TABLE) as made:
        yield made


def _is_done(reading: Reading, request: ResyncRequest) -> bool:
    return is_done(request, reading.memory.last["resync"] if reading.memory.last else None)


def _read_anew(reading: Reading, resource: str = "*", rate: int = 0) -> Reading:
    request = reading.memory.ask(resource, rate=rate)

    def done() -> bool:
        reading.confirm()
        return _is_done(reading, request)

    return reading.until(done)


def _rows(database: Database, table: str = "nguon", key: str = "id::text") -> dict[str, Any]:
    with database.connection.cursor(row_factory=psycopg.rows.dict_row) as cursor:
        found = cursor.execute(f"SELECT {key} AS _name, * FROM {table}".encode()).fetchall()
    return {row.pop("_name"): row for row in found}


def test_every_row_is_said_again_between_markers_of_a_new_epoch(database: Database) -> None:
    reading = database.read().snapshot()
    before = len(reading.events)
    _read_anew(reading)
    events = reading.events[before:]
    assert [events[0]["operation"], events[-1]["operation"]] == ["snapshot_begin", "snapshot_end"]
    assert {event["operation"] for event in events[1:-1]} == {"read"}
    assert [int(event["row"]) for event in events[1:-1]] == list(range(1, 2501))
    assert {event["epoch"] for event in events} == {2}
    positions = [(event["commit"], event["ordinal"]) for event in events]
    assert positions == sorted(set(positions))


def test_it_is_told_how_far_it_has_come(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connectors.sources.postgres_capture.capture._PROGRESS_SECONDS", 0)
    database.run("ANALYZE nguon")
    reading = database.read().snapshot()
    request = reading.memory.ask()
    told = []

    def done() -> bool:
        reading.confirm()
        told.append(reading.memory.last["resync"] if reading.memory.last else None)
        return _is_done(reading, request)

    reading.until(done)
    between = [found for found in told if found and found["resource"]]
    assert all((found["answers"], found["left"]) == ([request["id"]], 1) for found in between)
    rows = [found["rows"] for found in between]
    assert rows == sorted(rows) and {0, 100, 1100, 2100} <= {*rows}
    assert between[-1]["expected"] == 2500
    assert told[-1] == {
        "taken": {"*": request["id"]}, "answers": [], "resource": "", "left": 0, "rows": 0, "expected": 0
    }  # fmt: skip


def test_a_request_is_taken_up_once(database: Database) -> None:
    first = _read_anew(database.read().snapshot())
    first.source.close()
    second = database.read(after=first)
    database.run("UPDATE nguon SET ten = 'b' WHERE id = 1")
    assert [event["row"] for event in second.stream(1)] == ["1"]
    assert {event["epoch"] for event in second.events} == {2}


def test_only_the_table_that_was_asked_for_is_read(database: Database) -> None:
    database.run("CREATE TABLE khac (id int PRIMARY KEY); INSERT INTO khac VALUES (1)")
    reading = database.read("public.nguon", "public.khac")
    reading.until(lambda: sum(event["operation"] == "snapshot_end" for event in reading.events) == 2).confirm()
    before = len(reading.events)
    _read_anew(reading, "public.khac")
    assert [(e["resource"], e["row"]) for e in reading.events[before:]] == [("public.khac", r) for r in ("", "1", "")]
    before = len(reading.events)
    _read_anew(reading, "public.khong_co")
    assert reading.events[before:] == []


def test_what_was_asked_before_a_snapshot_is_done_with_it(database: Database) -> None:
    source = database.source()
    memory = KeptMemory()
    request = memory.ask()
    reading = Reading(source, memory)
    reading.open()
    assert not _is_done(reading, request)
    reading.snapshot()
    assert _is_done(reading, request)
    assert {event["epoch"] for event in reading.events} == {1}


def test_a_slow_one_reads_as_many_rows_a_second_as_it_may(database: Database) -> None:
    reading = database.read().snapshot()
    before, began = len(reading.events), time.monotonic()
    reading.memory.ask(rate=400)
    reading.until(lambda: time.monotonic() > began + 2)
    assert 400 <= len(reading.events) - before <= 1000


_BOTH = r"b || ',' || replace(replace(a, '\', '\\'), ',', '\,')"
_PARTITIONED = """
CREATE TABLE lạ (a text, b int, PRIMARY KEY (b, a)) PARTITION BY RANGE (b);
CREATE TABLE lạ1 PARTITION OF lạ FOR VALUES FROM (0) TO (700);
CREATE TABLE lạ2 PARTITION OF lạ FOR VALUES FROM (700) TO (9000)
"""


@pytest.mark.parametrize(
    ("ddl", "key"),
    [
        ("CREATE TABLE lạ (a text, b int, PRIMARY KEY (b, a))", _BOTH),
        ("CREATE TABLE lạ (a text PRIMARY KEY, b int)", "a"),
        (_PARTITIONED, _BOTH),
    ],
)
def test_keys_of_any_kind_are_gone_through_without_a_gap(postgres: SharedPostgres, ddl: str, key: str) -> None:
    odd = "SELECT E'đ''\\\\,\\t\\n' || chr(33 + g % 90) || md5(g::text), g FROM generate_series(1, 1500) g"
    with fresh(postgres, f"{ddl}; INSERT INTO lạ {odd}") as database:
        reading = database.read("public.lạ", key={"else": "a"}).snapshot()
        before = len(reading.events)
        _read_anew(reading)
        names = [event["row"] for event in reading.events[before:] if event["operation"] == "read"]
        assert len(names) == 1500
        assert set(names) == _rows(database, "lạ", key).keys()


@pytest.mark.parametrize("seed", [1, 2])
def test_live_changes_win_over_rows_that_are_read(
    postgres: SharedPostgres, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    """Also over starts in the middle: nothing that was not confirmed is relied on, no row goes back, none is lost."""
    monkeypatch.setattr(resync, "LIMIT", 100)
    monkeypatch.setattr("connectors.sources.postgres_capture.capture._PROGRESS_SECONDS", 0)
    chance = random.Random(seed)
    with fresh(postgres, COUNTED) as database:
        reading = database.read().snapshot()
        consumer = Consumer("public.nguon", newest="so").read(reading.events)
        ghost = (1, reading.events[-1]["commit"], 10_000)
        consumer.say("99999", ghost, {"so": 1})
        with Changing(database.dsn, seed):
            for _ in range(2):
                request = reading.memory.ask()
                while not _is_done(reading, request):
                    done = len(reading.events)
                    reading.step(0.01)
                    consumer.read(reading.events[done:])
                    if chance.random() < 0.4:
                        reading.confirm()
                    if chance.random() < 0.03:
                        reading.source.close()
                        reading = database.read(after=reading)
        database.run("INSERT INTO nguon VALUES (88888, 'cuối', nextval('dem'))")
        reading.until(lambda: reading.events and reading.events[-1]["row"] == "88888")
        consumer.read(reading.events)
        assert consumer.wrongs == []
        assert consumer.rows == _rows(database)
        assert "99999" in consumer.retracted


def test_a_change_that_waits_for_a_standby_is_not_overwritten_by_what_others_still_see(
    private_postgres: Callable[[], Postgres],
) -> None:
    """It is streamed, for it is committed here; a statement does not see it before the standby has answered."""
    server = private_postgres()
    with psycopg.connect(server.dsn(), autocommit=True) as connection:
        database = Database("postgres", server.dsn(), connection)
        database.run(_TABLE)
        reading = Reading(database.source(), KeptMemory())
        reading.open()
        reading.snapshot()
        connection.execute("ALTER SYSTEM SET synchronous_standby_names = 'nobody'")
        connection.execute("SELECT pg_reload_conf()")
        waiting = threading.Thread(target=_commit_that_waits, args=(server.dsn(),))
        while connection.execute("SHOW synchronous_standby_names").fetchone() != ("nobody",):
            pass
        waiting.start()
        reading.until(lambda: any(event["row"] == "7" for event in reading.streamed))
        assert database.one("SELECT ten FROM nguon WHERE id = 7") == "a"
        request = reading.memory.ask()
        until = time.monotonic() + 1
        while time.monotonic() < until:
            reading.step(0.05)
        assert not any(event["epoch"] == 2 for event in reading.events)
        connection.execute("ALTER SYSTEM RESET synchronous_standby_names")
        connection.execute("SELECT pg_reload_conf()")
        waiting.join()
        reading.until(lambda: reading.confirm() or _is_done(reading, request))  # type: ignore[func-returns-value]
    rows = Consumer("public.nguon").read(reading.events).rows
    assert rows["7"]["ten"] == "đã đổi"
    assert len(rows) == 2500


def _commit_that_waits(dsn: str) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("UPDATE nguon SET ten = 'đã đổi' WHERE id = 7")


def test_a_column_that_is_added_meanwhile_is_read(database: Database) -> None:
    reading = database.read().snapshot()
    reading.memory.ask(rate=2000)
    reading.until(lambda: any(event["epoch"] == 2 and event["row"] == "100" for event in reading.events))
    database.run("ALTER TABLE nguon ADD COLUMN them int DEFAULT 5")
    reading.until(lambda: reading.events[-1]["operation"] == "snapshot_end" and reading.events[-1]["epoch"] == 2)
    last = next(event for event in reversed(reading.events) if event["operation"] == "read")
    assert last["after"] == {"id": 2500, "ten": "a", "them": 5}


def test_a_table_that_somebody_alters_is_waited_for_while_the_stream_goes_on(database: Database) -> None:
    reading = database.read().snapshot()
    with psycopg.connect(database.dsn) as other:
        other.execute("ALTER TABLE nguon ADD COLUMN them int")
        request = reading.memory.ask()
        database.run("CREATE TABLE khac (id int)")
        for _ in range(10):
            reading.step(0.05)
        assert not any(event["epoch"] == 2 for event in reading.events)
        other.commit()
    reading.until(lambda: reading.confirm() or _is_done(reading, request))  # type: ignore[func-returns-value]


def test_another_primary_key_meanwhile_begins_a_new_snapshot(database: Database) -> None:
    reading = database.read().snapshot()
    request = reading.memory.ask(rate=400)
    reading.until(lambda: any(event["epoch"] == 2 for event in reading.events))
    database.run("UPDATE nguon SET ten = id; ALTER TABLE nguon DROP CONSTRAINT nguon_pkey, ADD PRIMARY KEY (ten)")
    with pytest.raises(SourceUnavailable, match="a new snapshot follows"):
        reading.until(lambda: False)
    assert not _is_done(reading, request)
    reading.open()
    reading.until(lambda: reading.confirm() or _is_done(reading, request))  # type: ignore[func-returns-value]
    assert {event["epoch"] for event in reading.events} == {1, 2, 3}
