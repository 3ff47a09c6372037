"""`python -m connectors.run_source` as a process: signals, exit codes, metrics, and Kafka that goes away."""

import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from deploy.embedded.kafka import Kafka as Server
from deploy.embedded.ports import free_port
from schemas import topics
from tests.chaos.processes import wait_until
from tests.integration.shared_servers import SharedPostgres
from tests.integration.source_database import Database, fresh
from tests.integration.source_kafka import Record
from tests.integration.source_process import Process, prepared_city, publish

_TABLE = "CREATE TABLE nguon (id bigint PRIMARY KEY, ten text); ALTER TABLE nguon REPLICA IDENTITY FULL;"


@pytest.fixture
def server(private_kafka: Callable[[], Server]) -> Server:
    return private_kafka()


@pytest.fixture
def database(postgres: SharedPostgres) -> Iterator[Database]:
    with fresh(postgres, _TABLE) as made:
        yield made


@pytest.fixture
def process(server: Server, registry: str, tmp_path: Path, database: Database) -> Iterator[Process]:
    city = prepared_city(server.bootstrap, registry, tmp_path, database)
    made = Process(city, tmp_path / "log")
    yield made
    made.end()


def test_it_captures_until_it_is_told_to_stop(process: Process, database: Database) -> None:
    database.run("INSERT INTO nguon VALUES (1, 'Tên riêng')")
    running = process.start()
    process.city.rows(1)
    database.run("INSERT INTO nguon VALUES (2, 'Tên riêng')")
    process.city.rows(2)
    captured = f'lienthong_captured_total{{entity="person",system="{database.name}"}} 2.0'
    # It is told a moment after the record, together with what else comes then.
    wait_until(lambda: captured in process.metrics(), seconds=10, what=captured)
    metrics = process.metrics()
    began = time.monotonic()
    running.send_signal(signal.SIGTERM)
    assert running.wait(10) == 0
    assert time.monotonic() - began < 5
    assert f'lienthong_connector_up{{role="source",system="{database.name}"}} 1.0' in metrics
    assert f'lienthong_source_wal_held_bytes{{system="{database.name}"}}' in metrics
    assert process.city.records(topics.CONNECTORS)[-1].value["phase"] == "stopped"
    said = process.log.read_text()
    assert "positions start anew" in said and "Tên riêng" not in said
    assert database.dsn.split("@")[0].rpartition(":")[2] not in said


def test_a_second_process_takes_over_and_the_first_says_so_by_its_exit_code(
    process: Process, database: Database
) -> None:
    first = process.start()
    process.city.until(process.city.raw, lambda records: len(records) == 6)
    process.metrics_port = free_port()
    process.start()
    assert first.wait(30) == 3
    database.run("INSERT INTO nguon VALUES (1, 'x')")
    process.city.rows(1)


def test_it_stops_in_time_also_while_kafka_is_away(process: Process, server: Server) -> None:
    running = process.start()
    process.city.until(process.city.raw, lambda records: len(records) == 6)
    server.kill()
    began = time.monotonic()
    running.send_signal(signal.SIGTERM)
    running.wait(10)
    assert time.monotonic() - began < 6


def test_nothing_is_lost_while_kafka_is_away(process: Process, server: Server, database: Database) -> None:
    process.start()
    process.city.until(process.city.raw, lambda records: len(records) == 6)
    database.run("INSERT INTO nguon SELECT g, 'x' FROM generate_series(1, 100) g")
    server.kill()
    database.run("INSERT INTO nguon SELECT g, 'x' FROM generate_series(101, 200) g")
    server.start()
    server.wait_ready()
    database.run("INSERT INTO nguon VALUES (201, 'x')")

    def complete(records: list[Record]) -> bool:
        return {record.value["row"] for record in records} >= {str(row) for row in range(1, 202)}

    process.city.until(process.city.raw, complete)


def test_while_kafka_is_away_the_slot_is_given_up_past_the_limit_and_all_is_read_anew_later(
    process: Process, server: Server, database: Database
) -> None:
    publish(process.city, database, wal_limit="1MB")
    process.start()
    process.city.until(process.city.raw, lambda records: len(records) == 6)
    database.run("INSERT INTO nguon VALUES (1, 'x'), (2, 'y')")
    process.city.rows(2)
    server.kill()
    database.run("INSERT INTO nguon SELECT g, repeat('x', 1000) FROM generate_series(100, 5000) g")
    database.run("DELETE FROM nguon WHERE id = 1")
    deadline = time.monotonic() + 60
    while database.one(f"SELECT count(*) FROM pg_replication_slots WHERE slot_name = '{database.slot}'"):
        assert time.monotonic() < deadline
        time.sleep(0.2)
    server.start()
    server.wait_ready()

    def ended(records: list[Record]) -> bool:
        ends = [r.partition for r in records if (r.value["operation"], r.value["epoch"]) == ("snapshot_end", 2)]
        return len(ends) == 3

    found = process.city.until(process.city.raw, ended)
    said = {r.value["row"] for r in found if (r.value["operation"], r.value["epoch"]) == ("read", 2)}
    assert said == {"2", *map(str, range(100, 5001))}
    assert "the slot is given up" in process.log.read_text()


def test_killed_again_and_again_it_captures_everything_and_nothing_out_of_order(
    process: Process, database: Database
) -> None:
    for round_ in range(4):
        running = process.start()
        database.run(f"INSERT INTO nguon SELECT g, 'x' FROM generate_series({round_ * 500}, {round_ * 500 + 499}) g")
        database.run("UPDATE nguon SET ten = ten || 'y'")
        wanted = round_ * 500 + 250

        process.city.until(process.city.raw, lambda found: len({record.value["row"] for record in found}) > wanted)  # noqa: B023 - called at once
        running.kill()
        running.wait()
    process.start()
    database.run("INSERT INTO nguon VALUES (9999, 'last')")
    found = process.city.until(process.city.raw, lambda rows: any(r.value["row"] == "9999" for r in rows))
    last: dict[str, tuple[tuple[int, int, int], str]] = {}
    for record in found:
        event = record.value
        position = (event["epoch"], event["commit"], event["ordinal"])
        if event["after"] and position > last.get(event["row"], ((0, 0, 0), ""))[0]:
            last[event["row"]] = (position, event["after"]["ten"])
    expected = {str(row): name for row, name in database.connection.execute("SELECT id, ten FROM nguon").fetchall()}
    assert {row: name for row, (_, name) in last.items()} == expected


@pytest.mark.parametrize("system", ["khong_co"])
def test_a_system_that_is_not_in_the_catalogue_is_named(process: Process, system: str) -> None:
    assert process.start(system).wait(30) == 1
    assert "lienthong apply" in process.log.read_text()
