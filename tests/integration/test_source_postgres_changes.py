"""What PostgreSQL's changes become, also the awkward ones: TOAST, keys that change, TRUNCATE, DDL in mid-stream."""

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from connectors.kit import KeptMemory
from connectors.sources.postgres import source
from schemas.manifest import Manifest
from schemas.records import ChangeEvent
from schemas.settings import Settings
from tests.integration.shared_servers import SharedPostgres
from tests.integration.source_database import Database, Reading, fresh

_TABLE = """
CREATE TABLE nguon (id bigint PRIMARY KEY, ten text, dai text);
ALTER TABLE nguon ALTER dai SET STORAGE EXTERNAL, REPLICA IDENTITY FULL;
"""
_LONG = "repeat('dài', 5000)"


@pytest.fixture
def database(postgres: SharedPostgres) -> Iterator[Database]:
    with fresh(postgres, _TABLE) as made:
        yield made


def _short(event: ChangeEvent) -> tuple[Any, ...]:
    return event["operation"], event["row"], event["previous_row"]


def test_one_transaction_has_one_commit_and_counts_its_changes(database: Database) -> None:
    reading = database.read().snapshot()
    database.run("BEGIN; INSERT INTO nguon VALUES (1, 'a'); UPDATE nguon SET ten = 'b'; DELETE FROM nguon; COMMIT")
    database.run("INSERT INTO nguon VALUES (2, 'c')")
    found = reading.stream(4)
    assert [_short(event)[:2] for event in found] == [
        ("create", "1"),
        ("update", "1"),
        ("delete", "1"),
        ("create", "2"),
    ]
    assert [event["ordinal"] for event in found] == [1, 2, 3, 1]
    assert len({event["commit"] for event in found[:3]}) == 1
    assert found[3]["commit"] > found[0]["commit"] > reading.events[0]["commit"]
    assert found[0]["transaction"] != found[3]["transaction"]
    assert found[1]["before"] == {"id": 1, "ten": "a", "dai": None}
    assert found[2]["after"] is None


def test_transactions_come_in_the_order_of_their_commits(database: Database) -> None:
    reading = database.read().snapshot()
    with psycopg.connect(database.dsn) as slow:
        slow.execute("INSERT INTO nguon VALUES (1, 'began first')")
        database.run("INSERT INTO nguon VALUES (2, 'committed first')")
        slow.commit()
    found = reading.stream(2)
    assert [event["row"] for event in found] == ["2", "1"]
    assert found[0]["commit"] < found[1]["commit"]


def test_times_are_the_commits(database: Database) -> None:
    reading = database.read().snapshot()
    before = database.one("SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint")
    database.run("INSERT INTO nguon VALUES (1, 'a')")
    after = database.one("SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint")
    [event] = reading.stream(1)
    assert before <= event["source_time"] <= after
    assert event["captured_time"] >= event["source_time"]


def test_an_unchanged_toast_value_comes_from_the_old_row(database: Database) -> None:
    database.run(f"INSERT INTO nguon VALUES (1, 'a', {_LONG})")
    reading = database.read().snapshot()
    database.run("UPDATE nguon SET ten = 'b'")
    [event] = reading.stream(1)
    assert event["after"] == {"id": 1, "ten": "b", "dai": "dài" * 5000}


def test_without_an_old_row_it_is_read_again(database: Database) -> None:
    database.run(f"ALTER TABLE nguon REPLICA IDENTITY DEFAULT; INSERT INTO nguon VALUES (1, 'a', {_LONG})")
    reading = database.read().snapshot()
    database.run("UPDATE nguon SET ten = 'b'")
    [event] = reading.stream(1)
    assert event["before"] is None
    assert event["after"] == {"id": 1, "ten": "b", "dai": "dài" * 5000}


def test_a_row_that_is_gone_by_then_is_told_as_far_as_known_and_then_deleted(database: Database) -> None:
    database.run(f"ALTER TABLE nguon REPLICA IDENTITY DEFAULT; INSERT INTO nguon VALUES (1, 'a', {_LONG})")
    reading = database.read().snapshot()
    database.run("UPDATE nguon SET ten = 'b'; DELETE FROM nguon")
    update, delete = reading.stream(2)
    assert update["after"] == {"id": 1, "ten": "b", "dai": None}
    assert _short(delete) == ("delete", "1", None)


def test_a_column_that_is_gone_by_then_is_told_as_far_as_known(database: Database) -> None:
    database.run(f"ALTER TABLE nguon REPLICA IDENTITY DEFAULT; INSERT INTO nguon VALUES (1, 'a', {_LONG})")
    reading = database.read().snapshot()
    database.run("UPDATE nguon SET ten = 'b'")
    database.run("ALTER TABLE nguon DROP dai")
    [event] = reading.stream(1)
    assert event["after"] == {"id": 1, "ten": "b", "dai": None}


def test_a_changed_primary_key_names_the_row_before(database: Database) -> None:
    database.run(f"INSERT INTO nguon VALUES (1, 'a', {_LONG})")
    reading = database.read().snapshot()
    database.run("UPDATE nguon SET id = 5")
    [event] = reading.stream(1)
    assert _short(event) == ("update", "5", "1")
    assert event["after"] == {"id": 5, "ten": "a", "dai": "dài" * 5000}


def test_so_it_does_with_the_default_identity(database: Database) -> None:
    database.run(f"ALTER TABLE nguon REPLICA IDENTITY DEFAULT; INSERT INTO nguon VALUES (1, 'a', {_LONG})")
    reading = database.read().snapshot()
    database.run("UPDATE nguon SET id = 5")
    [event] = reading.stream(1)
    assert _short(event) == ("update", "5", "1")
    assert event["before"] == {"id": 1, "ten": None, "dai": None}
    assert event["after"] == {"id": 5, "ten": "a", "dai": "dài" * 5000}


def test_truncate_is_a_marker_in_its_place(database: Database) -> None:
    database.run("INSERT INTO nguon VALUES (1, 'a')")
    reading = database.read().snapshot()
    database.run("BEGIN; INSERT INTO nguon VALUES (2, 'b'); TRUNCATE nguon; INSERT INTO nguon VALUES (3, 'c'); COMMIT")
    found = reading.stream(3)
    assert [_short(event) for event in found] == [("create", "2", None), ("truncate", "", None), ("create", "3", None)]
    assert [event["ordinal"] for event in found] == [1, 2, 3]
    assert set(reading.rows()) == {"3"}


def test_a_composite_key_of_odd_types_names_rows_by_their_text(postgres: SharedPostgres) -> None:
    statements = """
        CREATE TABLE nguon (so text, ngay date, ten text, PRIMARY KEY (ngay, so));
        INSERT INTO nguon VALUES ('a,b', '2024-02-29', 'x');
    """
    with fresh(postgres, statements) as database:
        key = {"else": "so"}
        reading = database.read("public.nguon", key=key).snapshot()
        database.run("UPDATE nguon SET ten = 'y'; UPDATE nguon SET ngay = '2024-03-01'; DELETE FROM nguon")
        found = reading.stream(3)
    assert [event["row"] for event in reading.events if event["operation"] == "read"] == ["2024-02-29,a\\,b"]
    assert [_short(event) for event in found] == [
        ("update", "2024-02-29,a\\,b", None),
        ("update", "2024-03-01,a\\,b", "2024-02-29,a\\,b"),
        ("delete", "2024-03-01,a\\,b", None),
    ]


def test_partitions_are_one_table(postgres: SharedPostgres) -> None:
    statements = """
        CREATE TABLE nguon (id int PRIMARY KEY, ten text) PARTITION BY RANGE (id);
        CREATE TABLE nguon_1 PARTITION OF nguon FOR VALUES FROM (0) TO (10);
        CREATE TABLE nguon_2 PARTITION OF nguon FOR VALUES FROM (10) TO (20);
        ALTER TABLE nguon_1 REPLICA IDENTITY FULL; ALTER TABLE nguon_2 REPLICA IDENTITY FULL;
        INSERT INTO nguon VALUES (1, 'a'), (11, 'b');
    """
    with fresh(postgres, statements) as database:
        reading = database.read().snapshot()
        database.run("UPDATE nguon SET ten = 'c' WHERE id = 11; UPDATE nguon SET id = 12 WHERE id = 1")
        found = reading.stream(3)
        assert set(reading.rows()) == {"11", "12"}
    assert {event["resource"] for event in reading.events} == {"public.nguon"}
    assert [event["operation"] for event in found] == ["update", "delete", "create"]


def test_tables_that_inherit_are_not_mixed_in(postgres: SharedPostgres) -> None:
    statements = """
        CREATE TABLE nguon (id int PRIMARY KEY, ten text);
        CREATE TABLE con (PRIMARY KEY (id)) INHERITS (nguon);
        INSERT INTO nguon VALUES (1, 'a'); INSERT INTO con VALUES (2, 'b');
    """
    with fresh(postgres, statements) as database:
        reading = database.read().snapshot()
        database.run("UPDATE nguon SET ten = 'c'")
        assert [_short(event) for event in reading.stream(1)] == [("update", "1", None)]
        assert set(reading.rows()) == {"1"}


def test_generated_columns_are_left_out_of_both(postgres: SharedPostgres) -> None:
    statements = """
        CREATE TABLE nguon (id int PRIMARY KEY, gap_doi int GENERATED ALWAYS AS (id * 2) STORED);
        INSERT INTO nguon VALUES (1);
    """
    with fresh(postgres, statements) as database:
        reading = database.read().snapshot()
        database.run("INSERT INTO nguon VALUES (2)")
        reading.stream(1)
        assert reading.rows() == {"1": {"id": 1}, "2": {"id": 2}}
        assert len({id(change.shape) for change in reading.changes}) == 1


def test_a_table_that_feeds_two_entities_is_told_to_both(database: Database) -> None:
    manifest = database.manifest("public.nguon")
    body = manifest.dumped()
    body["publishes"]["household"] = body["publishes"]["person"]
    reading = Reading(source(Manifest.model_validate(body), Settings()), KeptMemory())
    reading.open()
    try:
        reading.snapshot()
        database.run("INSERT INTO nguon VALUES (1, 'a')")
        reading.stream(2)
    finally:
        reading.source.close()
    assert [change.entity for change in reading.changes[-2:]] == ["person", "household"]
    assert reading.events[-1] == reading.events[-2]
    assert reading.events[-1] is not reading.events[-2]


def test_a_large_transaction_comes_in_parts(database: Database) -> None:
    reading = database.read().snapshot()
    database.run("INSERT INTO nguon SELECT g, 'x' FROM generate_series(1, 5000) g")
    reading.until(lambda: reading.streamed)
    assert len(reading.streamed) < 5000
    assert reading.token.position <= reading.streamed[0]["commit"]
    found = reading.stream(5000)
    assert [event["ordinal"] for event in found] == list(range(1, 5001))
    assert len({event["commit"] for event in found}) == 1


#: Statements, then the columns that rows must have from there on and the row of id 1.
_DDL = {
    "added": ("ALTER TABLE nguon ADD moi int DEFAULT 7", {"id": 1, "ten": "a", "dai": None, "moi": 7}),
    "dropped": ("ALTER TABLE nguon DROP dai", {"id": 1, "ten": "a"}),
    "renamed": ("ALTER TABLE nguon RENAME ten TO ho_ten", {"id": 1, "ho_ten": "a", "dai": None}),
    "retyped": (
        "ALTER TABLE nguon ALTER ten TYPE date USING '2000-01-02', ALTER id TYPE text",
        {"id": "1", "ten": 10958, "dai": None},
    ),
    "primary key renamed": ("ALTER TABLE nguon RENAME id TO ma", {"ma": 1, "ten": "a", "dai": None}),
    "table renamed": ("ALTER TABLE nguon RENAME TO nguon_moi", {"id": 1, "ten": "a", "dai": None}),
}


@pytest.mark.parametrize("case", _DDL)
def test_ddl_in_mid_stream_gives_a_new_shape_and_loses_nothing(database: Database, case: str) -> None:
    statement, expected = _DDL[case]
    table = "nguon_moi" if case == "table renamed" else "nguon"
    key = next(iter(expected))
    reading = database.read().snapshot()
    database.run("INSERT INTO nguon VALUES (1, 'a'), (2, 'b')")
    database.run(statement)
    database.run(f"UPDATE {table} SET {key} = {key}; DELETE FROM {table} WHERE {key}::text = '2'")
    found = reading.stream(5)
    assert [_short(event) for event in found] == [
        ("create", "1", None),
        ("create", "2", None),
        ("update", "1", None),
        ("update", "2", None),
        ("delete", "2", None),
    ]
    assert found[2]["after"] == expected
    old, new = reading.changes[-5].shape, reading.changes[-1].shape
    assert [field["name"] for field in new["fields"]] == list(expected)
    assert (old is new) == (case == "table renamed")
    assert {event["epoch"] for event in reading.events} == {1}


def test_ddl_within_a_transaction_types_each_row_as_it_was(database: Database) -> None:
    reading = database.read().snapshot()
    database.run(
        "BEGIN; INSERT INTO nguon VALUES (1, '5'); ALTER TABLE nguon ALTER ten TYPE int USING ten::int;"
        "INSERT INTO nguon VALUES (2, 6); ALTER TABLE nguon DROP ten; INSERT INTO nguon VALUES (3); COMMIT"
    )
    rows = [event["after"] for event in reading.stream(3)]
    assert rows == [{"id": 1, "ten": "5", "dai": None}, {"id": 2, "ten": 6, "dai": None}, {"id": 3, "dai": None}]


def test_ddl_while_the_source_is_away_loses_nothing(database: Database) -> None:
    first = database.read().snapshot()
    first.source.close()
    database.run("INSERT INTO nguon VALUES (1, 'a')")
    database.run("ALTER TABLE nguon RENAME id TO ma; ALTER TABLE nguon ADD moi text[] DEFAULT '{x}'")
    database.run("INSERT INTO nguon VALUES (2, 'b')")
    second = database.read(after=first, key={"else": "ma"})
    rows = [event["after"] for event in second.stream(2)]
    assert rows == [
        {"id": 1, "ten": "a", "dai": None},
        {"ma": 2, "ten": "b", "dai": None, "moi": ["x"]},
    ]
    assert [event["epoch"] for event in second.events] == [1, 1]


def test_a_type_that_is_new_is_typed(database: Database) -> None:
    reading = database.read().snapshot()
    database.run("CREATE DOMAIN so_luong AS int; ALTER TABLE nguon ADD bao_nhieu so_luong DEFAULT 3")
    database.run("INSERT INTO nguon VALUES (1)")
    [event] = reading.stream(1)
    assert event["after"] == {"id": 1, "ten": None, "dai": None, "bao_nhieu": 3}
