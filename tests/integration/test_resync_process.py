"""`lienthong resync` of a source that is killed again and again while its table changes."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from console.partitioner import partition_of
from deploy.embedded.kafka import Kafka as Server
from schemas import topics
from tests.integration.reference_consumer import Consumer
from tests.integration.shared_servers import SharedPostgres
from tests.integration.source_database import Database, fresh
from tests.integration.source_kafka import Record
from tests.integration.source_process import Process, prepared_city
from tests.integration.table_changes import COUNTED, Changing

_PARTITIONS = 3


@pytest.fixture
def database(postgres: SharedPostgres) -> Iterator[Database]:
    with fresh(postgres, COUNTED) as made:
        yield made


@pytest.fixture
def process(
    private_kafka: Callable[[], Server], registry: str, tmp_path: Path, database: Database
) -> Iterator[Process]:
    made = Process(prepared_city(private_kafka().bootstrap, registry, tmp_path, database), tmp_path / "log")
    yield made
    made.end()


def _consumed(process: Process, database: Database) -> tuple[dict[str, Any], list[str]]:
    """The rows that workers would hold, each partition on its own, and what they should never have heard."""
    partitions = [Consumer("public.nguon", newest="so") for _ in range(_PARTITIONS)]

    def home(row: str) -> Consumer:
        return partitions[partition_of(f"{database.name}#{row}", partitions=_PARTITIONS)]

    for record in process.city.records(process.city.raw):
        event, here = record.value, partitions[record.partition]
        if event["operation"] in ("snapshot_begin", "snapshot_end"):
            here.read([event])
            continue
        place = event["epoch"], event["commit"], event["ordinal"]
        if event["previous_row"] is not None:
            here.say(event["previous_row"], place, None)
        # Its key may be another one now: then what is said is sent on.
        (home(event["row"]) if event["after"] else here).say(event["row"], place, event["after"])
    rows = {row: after for each in partitions for row, after in each.rows.items()}
    return rows, [wrong for each in partitions for wrong in each.wrongs]


def _table(database: Database) -> dict[str, Any]:
    with database.connection.cursor(row_factory=psycopg.rows.dict_row) as cursor:
        return {str(row["id"]): row for row in cursor.execute("SELECT * FROM nguon").fetchall()}


def _lose_what_is_not_read(database: Database) -> None:
    """As nothing that the source could notice does: a slot that somebody has moved."""
    database.run(
        "DELETE FROM nguon WHERE id % 7 = 0; UPDATE nguon SET so = nextval('dem') WHERE id % 5 = 0;"
        "INSERT INTO nguon SELECT g, 'bỏ sót', nextval('dem') FROM generate_series(4000, 4100) g"
    )
    database.run(f"SELECT pg_replication_slot_advance('{database.slot}', pg_current_wal_lsn())")


def _ask(process: Process, *options: str) -> subprocess.Popen[str]:
    settings = process.city.settings
    environment = {"LIENTHONG_KAFKA": settings.kafka, "LIENTHONG_REGISTRY": settings.registry, "PATH": ""}
    command = [sys.executable, "-m", "console", "resync", process.city.system, *options]
    return subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=Path.cwd()
    )


def _said_last(process: Process, database: Database, number: int) -> None:
    database.run(f"INSERT INTO nguon VALUES ({number}, 'cuối', nextval('dem'))")

    def is_there(records: list[Record]) -> bool:
        return any(record.value["row"] == str(number) for record in records)

    process.city.until(process.city.raw, is_there)


def test_what_was_missed_is_mended_while_the_table_changes_and_the_source_is_killed(
    process: Process, database: Database
) -> None:
    running = process.start()
    process.city.rows(1500)
    running.terminate()
    assert running.wait(10) == 0
    _lose_what_is_not_read(database)
    running = process.start()
    _said_last(process, database, 9001)
    rows, _ = _consumed(process, database)
    assert rows != _table(database)

    with Changing(database.dsn, seed=5):
        asked = _ask(process, "--rate", "500")
        for kill in range(3):
            _wait_for_rows(process, above=100 * (kill + 1))
            running.kill()
            running.wait()
            running = process.start()
        output, _ = asked.communicate(timeout=60)
    assert asked.returncode == 0, output
    assert "rows; 1 tables left" in output and "read anew after" in output
    _said_last(process, database, 9002)
    rows, wrongs = _consumed(process, database)
    assert wrongs == []
    assert rows == _table(database)
    running.terminate()
    assert running.wait(10) == 0


def _wait_for_rows(process: Process, *, above: int) -> None:
    """Until so many rows are known to be acknowledged: where it goes on after a kill."""

    def come(records: list[Record]) -> bool:
        words = [record.value["resync"] for record in records if record.value["role"] == "source"]
        return bool(words) and words[-1] is not None and words[-1]["rows"] > above

    process.city.until(topics.CONNECTORS, come)


def test_asked_again_it_follows_and_what_is_done_is_not_done_again(process: Process, database: Database) -> None:
    running = process.start()
    process.city.rows(1500)
    first = _ask(process, "--rate", "150", "--no-wait")
    assert first.wait(30) == 0
    _wait_for_rows(process, above=100)
    second = _ask(process)
    output, _ = second.communicate(timeout=60)
    assert second.returncode == 0, output
    running.terminate()
    running.wait(10)
    process.start()
    _said_last(process, database, 9003)
    begins = [r for r in process.city.records(process.city.raw) if r.value["operation"] == "snapshot_begin"]
    assert len(begins) == 2 * _PARTITIONS
    log = process.log.read_text()
    assert "reading tables anew" in log and "read anew" in log


def test_a_source_that_hangs_is_replaced_and_what_it_still_says_counts_no_more(
    process: Process, database: Database
) -> None:
    hanging = process.start()
    process.city.rows(1500)
    with Changing(database.dsn, seed=6):
        time.sleep(0.3)  # it is to be stopped in the middle of its work
        hanging.send_signal(19)
        process.metrics_port += 1
        process.start()
        _said_last(process, database, 9004)
        hanging.send_signal(18)
        assert hanging.wait(60) == 3
    _said_last(process, database, 9005)
    rows, wrongs = _consumed(process, database)
    assert wrongs == []
    assert rows == _table(database)
