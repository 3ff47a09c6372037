"""The loop of a source against real Kafka, registry and PostgreSQL."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from connectors.errors import Fenced
from connectors.run_source import make_source
from schemas import topics
from schemas.identity import event_id, trace_id
from schemas.manifest import Manifest
from schemas.sealing import Seal
from tests.integration.shared_servers import SharedPostgres
from tests.integration.source_database import Database, fresh
from tests.integration.source_kafka import REVISION, Kafka, Record, kafka_for

_TABLE = """
CREATE TABLE nguon (id bigint PRIMARY KEY, so_dinh_danh text, ho_ten text);
ALTER TABLE nguon REPLICA IDENTITY FULL;
"""
_AN, _BINH = "001099012345", "001199054321"


@pytest.fixture
def database(postgres: SharedPostgres) -> Iterator[Database]:
    with fresh(postgres, _TABLE) as made:
        yield made


@pytest.fixture
def city(kafka: str, registry: str, tmp_path: Path, database: Database) -> Kafka:
    made = kafka_for(kafka, registry, tmp_path, database.name)
    made.create_topics()
    return made


def _manifest(database: Database, **more: Any) -> Manifest:
    publication = {
        "from": "public.nguon",
        "key": {"citizen_id": "so_dinh_danh", "else": "id"},
        "fields": {"full_name": "ho_ten"},
    }
    connect = {"kind": "postgres", "dsn": database.dsn, "slot": database.slot}
    return Manifest.model_validate(
        {"system": database.name, "connect": connect, "publishes": {"person": publication | more}}
    )


def test_changes_become_keyed_records(database: Database, city: Kafka) -> None:
    database.run(f"INSERT INTO nguon VALUES (1, '{_AN}', 'An'), (2, NULL, 'Mới sinh')")
    with city.loop(_manifest(database)):
        city.rows(2)
        database.run(f"UPDATE nguon SET so_dinh_danh = '{_BINH}' WHERE id = 2; DELETE FROM nguon WHERE id = 1")
        found = city.rows(4)
    assert [(r.key, r.value["operation"], r.value["new_key"]) for r in found] == [
        (f"citizen_id:{_AN}", "read", None),
        (f"{database.name}#2", "read", None),
        (f"{database.name}#2", "update", f"citizen_id:{_BINH}"),
        (f"citizen_id:{_AN}", "delete", None),
    ]
    assert found[2].value["before"]["ho_ten"] == found[2].value["after"]["ho_ten"] == "Mới sinh"


def test_one_key_is_always_in_the_same_partition(database: Database, city: Kafka) -> None:
    with city.loop(_manifest(database)):
        for name in "abcde":
            database.run(
                f"INSERT INTO nguon SELECT g, NULL, '{name}' FROM generate_series(1, 6) g "
                f"ON CONFLICT (id) DO UPDATE SET ho_ten = excluded.ho_ten"
            )
        found = city.rows(30)
    homes = {(record.key, record.partition) for record in found}
    assert len(homes) == 6
    assert len({partition for _, partition in homes}) > 1


def test_markers_go_to_every_partition_before_and_after_the_rows(database: Database, city: Kafka) -> None:
    database.run("INSERT INTO nguon SELECT g, NULL, 'x' FROM generate_series(1, 20) g")
    with city.loop(_manifest(database)):
        city.rows(20)
        database.run("TRUNCATE nguon")
        found = city.until(city.raw, lambda records: sum(r.value["operation"] == "truncate" for r in records) == 3)
    for partition in range(3):
        operations = [record.value["operation"] for record in found if record.partition == partition]
        assert [operations[0], *operations[-2:]] == ["snapshot_begin", "snapshot_end", "truncate"]
        assert set(operations[1:-2]) == {"read"}
    assert all(record.key is None for record in found if record.value["operation"] != "read")


def test_headers_name_the_event_and_its_trace(database: Database, city: Kafka) -> None:
    database.run("INSERT INTO nguon VALUES (1, NULL, 'An')")
    with city.loop(_manifest(database)):
        [found] = city.rows(1)
    name = event_id(found.value)  # type: ignore[arg-type]
    trace = trace_id(name)
    assert found.headers.pop("ce_time").startswith("20")
    assert found.headers == {
        "ce_specversion": "1.0",
        "ce_id": name,
        "ce_source": f"/systems/{database.name}/public.nguon",
        "ce_type": "vn.lienthong.person.read",
        "traceparent": f"00-{trace}-{trace[:16]}-01",
    }


def test_what_is_acknowledged_is_confirmed_and_not_sent_again(database: Database, city: Kafka) -> None:
    database.run("INSERT INTO nguon VALUES (1, NULL, 'An')")
    with city.loop(_manifest(database)):
        city.rows(1)
        database.run("INSERT INTO nguon VALUES (2, NULL, 'Bình')")
        city.rows(2)
    with city.loop(_manifest(database)):
        database.run("INSERT INTO nguon VALUES (3, NULL, 'Chi')")
        found = city.rows(3)
    assert [record.value["row"] for record in found] == ["1", "2", "3"]
    assert {record.value["epoch"] for record in found} == {1}


def test_the_epoch_is_kept_before_its_first_event(database: Database, city: Kafka) -> None:
    with city.loop(_manifest(database)):
        city.until(city.raw, lambda records: len(records) >= 6)
    states = [record.value for record in city.records(topics.CONNECTORS)]
    begun = next(state["time"] for state in states if state["epoch"] == 1)
    assert begun < min(record.value["captured_time"] for record in city.records(city.raw))
    assert [states[0]["phase"], states[-1]["phase"]] == ["starting", "stopped"]
    assert {state["generation"] for state in states} == {1}


def test_a_newer_loop_stops_the_older_one(database: Database, city: Kafka) -> None:
    with city.loop(_manifest(database)) as older:
        city.until(city.raw, lambda records: len(records) >= 6)
        with city.loop(_manifest(database)) as newer:
            older.wait()
            assert isinstance(older.failure, Fenced)
            database.run("INSERT INTO nguon VALUES (1, NULL, 'An')")
            city.rows(1)
            assert newer.failure is None
    generations = [record.value["generation"] for record in city.records(topics.CONNECTORS)]
    assert generations == sorted(generations)
    assert set(generations) == {1, 2}


def test_a_row_without_a_key_and_one_that_is_too_large_become_dead_letters(database: Database, city: Kafka) -> None:
    with city.loop(_manifest(database, key={"else": "ho_ten"})):
        database.run("INSERT INTO nguon VALUES (1, NULL, NULL)")
        database.run("INSERT INTO nguon SELECT 2, string_agg(md5(g::text), ''), 'To' FROM generate_series(1, 40000) g")
        database.run("INSERT INTO nguon VALUES (3, NULL, 'Chi')")
        [passed] = city.rows(1)
        letters = city.until(topics.DEAD_LETTERS, lambda records: len(records) == 2)
    assert passed.value["row"] == "3"
    unnamed, large = sorted((letter.value for letter in letters), key=lambda value: str(value["reason"]))
    assert (unnamed["reason"], unnamed["stage"], unnamed["field"], unnamed["revision"]) == (
        "missing_key",
        "source",
        "key",
        REVISION,
    )
    seal = Seal.from_file(city.settings.secrets / city.settings.dead_letter_key)
    assert city.decode(seal.open(unnamed["payload"]))["after"]["id"] == 1
    assert (large["reason"], large["payload"]) == ("too_large", None)
    assert large["event_id"].startswith(f"{database.name}/public.nguon/1/")


def test_what_the_broker_finds_too_large_goes_on_as_a_reference(
    database: Database, kafka: str, registry: str, tmp_path: Path
) -> None:
    city = kafka_for(kafka, registry, tmp_path, database.name)
    city.create_topics(max_message_bytes="5000")
    with city.loop(_manifest(database)) as running:
        database.run("INSERT INTO nguon SELECT 1, NULL, string_agg(md5(g::text), '') FROM generate_series(1, 2000) g")
        database.run("INSERT INTO nguon VALUES (2, NULL, 'Chi')")
        [passed] = city.rows(1)
        [letter] = city.until(topics.DEAD_LETTERS, lambda records: len(records) == 1)
        assert running.failure is None
    assert passed.value["row"] == "2"
    assert (letter.value["reason"], letter.value["entity"], letter.value["payload"]) == ("too_large", "person", None)
    assert _outcomes(city, "quarantined") == [(1, "too_large", letter.value["event_id"])]


def test_a_value_that_no_type_holds_becomes_a_dead_letter(database: Database, city: Kafka) -> None:
    database.run("ALTER TABLE nguon ADD COLUMN luc timestamp")
    with city.loop(_manifest(database)):
        database.run("INSERT INTO nguon VALUES (1, NULL, 'An', '294276-12-31'), (2, NULL, 'Bình', '2024-01-01')")
        [passed] = city.rows(1)
        [letter] = city.until(topics.DEAD_LETTERS, lambda records: len(records) == 1)
    assert passed.value["row"] == "2"
    assert letter.value["reason"] == "not_encodable"
    assert "92243" not in letter.value["message"]
    seal = Seal.from_file(city.settings.secrets / city.settings.dead_letter_key)
    assert json.loads(seal.open(letter.value["payload"]))["after"]["luc"] == 9224317929600000000


def test_bytes_that_are_no_text_become_a_dead_letter(
    postgres: SharedPostgres, kafka: str, registry: str, tmp_path: Path
) -> None:
    """A database in SQL_ASCII holds whatever its programs have written, in the old Vietnamese encodings too."""
    with fresh(postgres, "") as first:
        name = f"{first.name}_ascii"
        first.run(f"CREATE DATABASE {name} ENCODING 'SQL_ASCII' LOCALE_PROVIDER libc LOCALE 'C' TEMPLATE template0")
        dsn = postgres.dsn(name)
        with psycopg.connect(dsn, autocommit=True) as connection:
            database = Database(name, dsn, connection)
            database.run(_TABLE + "INSERT INTO nguon VALUES (1, NULL, 'An'), (2, NULL, E'NguyÔn \\xd4')")
            city = kafka_for(kafka, registry, tmp_path, name)
            city.create_topics()
            assert len(make_source(_manifest(database), city.settings).sample("person", 5)) == 2
            with city.loop(_manifest(database)):
                database.run("INSERT INTO nguon VALUES (3, NULL, E'\\xd4'), (4, NULL, 'Chi')")
                found = city.rows(2)
                letters = city.until(topics.DEAD_LETTERS, lambda records: len(records) == 2)
            database.close()
    assert [record.value["row"] for record in found] == ["1", "4"]
    assert {letter.value["reason"] for letter in letters} == {"not_encodable"}


def test_rows_get_no_other_key_when_the_key_column_is_renamed(database: Database, city: Kafka) -> None:
    with city.loop(_manifest(database)):
        database.run(f"INSERT INTO nguon VALUES (1, '{_AN}', 'An')")
        city.rows(1)
        database.run("ALTER TABLE nguon RENAME so_dinh_danh TO cccd; UPDATE nguon SET ho_ten = 'Ân'")
        [letter] = city.until(topics.DEAD_LETTERS, lambda records: len(records) == 1)
    assert letter.value["reason"] == "missing_column"
    assert len(city.rows(1)) == 1


def test_outcomes_count_what_was_captured(database: Database, city: Kafka) -> None:
    database.run("INSERT INTO nguon SELECT g, NULL, 'x' FROM generate_series(1, 5) g")
    with city.loop(_manifest(database)):
        rows = city.rows(5)
        database.run("INSERT INTO nguon VALUES (6, NULL, 'y')")
        rows = city.rows(6)
    found = [record.value for record in city.records(topics.OUTCOMES)]
    assert [(o["result"], o["count"], o["entity"], o["epoch"]) for o in found] == [
        ("captured", 5, "person", 1),
        ("captured", 1, "person", 1),
    ]
    assert [(o["first"], o["last"]) for o in found] == [(rows[i].value["commit"],) * 2 for i in (0, 5)]


def _outcomes(city: Kafka, result: str) -> list[tuple[Any, ...]]:
    found: list[Record] = city.records(topics.OUTCOMES)
    return [(r.value["count"], r.value["reason"], r.value["event_id"]) for r in found if r.value["result"] == result]
