"""Where a source goes on, when it begins anew, and what it lets the server forget."""

import threading
import time
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from connectors.errors import SourceUnavailable
from connectors.sources.postgres_capture.memories import recall
from schemas.records import MARKERS
from tests.integration.shared_servers import SharedPostgres
from tests.integration.source_database import Database, Reading, fresh

_TABLE = """
CREATE TABLE nguon (id bigint PRIMARY KEY, ten text);
ALTER TABLE nguon REPLICA IDENTITY FULL;
INSERT INTO nguon VALUES (1, 'a'), (2, 'b');
"""


@pytest.fixture
def database(postgres: SharedPostgres) -> Iterator[Database]:
    with fresh(postgres, _TABLE) as made:
        yield made


def _confirmed(database: Database) -> int:
    position = (
        f"SELECT (confirmed_flush_lsn - '0/0')::bigint FROM pg_replication_slots WHERE slot_name = '{database.slot}'"
    )
    return int(database.one(position) or 0)


def _end_of_wal(database: Database) -> int:
    return int(database.one("SELECT (pg_current_wal_insert_lsn() - '0/0')::bigint"))


def _rows(database: Database) -> dict[str, Any]:
    found = database.connection.execute("SELECT id, ten FROM nguon").fetchall()
    return {str(row): {"id": row, "ten": name} for row, name in found}


def _epochs(reading: Reading) -> list[int]:
    return sorted({event["epoch"] for event in reading.events})


def test_snapshot_and_stream_fit_together_under_load(database: Database) -> None:
    """Rows change while the snapshot is taken: what it shows and what follows add up to the table."""
    done = threading.Event()

    def change() -> None:
        with psycopg.connect(database.dsn, autocommit=True) as connection:
            number = 10
            while not done.is_set():
                number += 1
                connection.execute("INSERT INTO nguon VALUES (%s, 'x')", [number])
                connection.execute("UPDATE nguon SET ten = ten || '.' WHERE id %% 3 = %s", [number % 3])
                connection.execute("DELETE FROM nguon WHERE id = %s", [number - 20])

    changing = threading.Thread(target=change)
    changing.start()
    try:
        reading = database.read().snapshot()
        reading.until(lambda: len(reading.streamed) > 200)
    finally:
        done.set()
        changing.join()
    database.run("INSERT INTO nguon VALUES (0, 'last')")
    reading.until(lambda: reading.events[-1]["row"] == "0")
    assert reading.rows() == _rows(database)
    read = {event["row"] for event in reading.events if event["operation"] == "read"}
    created = {event["row"] for event in reading.streamed if event["operation"] == "create"}
    assert not read & created
    last_read = max(event["commit"] for event in reading.events if event["transaction"] is None)
    assert min(event["commit"] for event in reading.streamed) > last_read


def test_it_goes_on_after_the_last_confirmed_commit(database: Database) -> None:
    first = database.read().snapshot()
    database.run("INSERT INTO nguon VALUES (3, 'c')")
    first.stream(1)
    first.confirm()
    database.run("INSERT INTO nguon VALUES (4, 'd')")
    first.stream(2)
    first.source.close()
    second = database.read(after=first)
    assert [event["row"] for event in second.stream(1)] == ["4"]
    assert second.streamed[0] | {"captured_time": 0} == first.streamed[1] | {"captured_time": 0}


def test_only_whole_transactions_are_confirmed(database: Database) -> None:
    first = database.read().snapshot()
    database.run("INSERT INTO nguon SELECT g, 'x' FROM generate_series(3, 3000) g")
    first.until(lambda: first.streamed)
    assert 0 < len(first.streamed) < 2998
    first.confirm()
    first.source.close()
    second = database.read(after=first)
    assert [event["ordinal"] for event in second.stream(2998)] == list(range(1, 2999))


def test_a_slot_whose_tables_are_idle_moves_on(database: Database) -> None:
    """Another table of the same database is written all the time: the server must not keep its WAL for us."""
    reading = database.read().snapshot()
    database.run("CREATE TABLE khac (a int)")
    for _ in range(3):
        database.run("INSERT INTO khac SELECT generate_series(1, 1000)")
        written = _end_of_wal(database)

        def moved_on(written: int = written) -> bool:
            if reading.token is not None:
                reading.confirm()
            return _confirmed(database) >= written

        reading.until(moved_on)
    assert reading.streamed == []


def test_nothing_is_forgotten_that_was_not_confirmed(database: Database) -> None:
    reading = database.read().snapshot()
    database.run("INSERT INTO nguon VALUES (3, 'c')")
    reading.stream(1)
    unconfirmed = reading.streamed[0]["commit"]
    database.run("CREATE TABLE khac AS SELECT generate_series(1, 1000)")
    until = time.monotonic() + 2
    while time.monotonic() < until:
        reading.step()
    assert _confirmed(database) <= unconfirmed


def test_a_heartbeat_stands_in_the_wal(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connectors.sources.postgres_capture.heartbeat.SECONDS", 0.2)
    reading = database.read().snapshot()
    before = _end_of_wal(database)
    reading.until(lambda: _end_of_wal(database) > before)

    def confirmed() -> bool:
        reading.confirm()
        return _confirmed(database) > before

    reading.until(confirmed)


def test_an_interrupted_snapshot_begins_anew(database: Database) -> None:
    database.run("INSERT INTO nguon SELECT g, 'x' FROM generate_series(3, 5000) g")
    first = database.read()
    first.until(lambda: len(first.events) > 1000)
    first.confirm()
    first.source.close()
    second = database.read(after=first).snapshot()
    assert (_epochs(first), _epochs(second)) == ([1], [2])
    assert len(second.rows()) == 5000


def test_a_snapshot_that_was_read_but_not_confirmed_begins_anew(database: Database) -> None:
    first = database.read()
    first.until(lambda: any(event["operation"] == "snapshot_end" for event in first.events))
    first.source.close()
    assert _epochs(database.read(after=first).snapshot()) == [2]


def test_the_epoch_is_kept_before_its_first_event(database: Database) -> None:
    reading = database.read()
    assert reading.memory.last and reading.memory.last["epoch"] == 1
    kept = recall(reading.memory.last["detail"])
    assert kept is not None and not kept.complete
    assert reading.memory.phases == ["starting", "snapshot"]
    assert reading.events == []


def _drop_slot(database: Database) -> None:
    database.run(
        f"SELECT pg_terminate_backend(active_pid, 5000) FROM pg_replication_slots WHERE slot_name = '{database.slot}';"
        f"SELECT pg_drop_replication_slot('{database.slot}')"
    )


def _drop_publication(database: Database) -> None:
    database.run(f"DROP PUBLICATION {database.slot}")


def _take_table_out(database: Database) -> None:
    database.run(f"CREATE TABLE khac (id int PRIMARY KEY); ALTER PUBLICATION {database.slot} SET TABLE khac")


def _publish_inserts_only(database: Database) -> None:
    database.run(f"ALTER PUBLICATION {database.slot} SET (publish = 'insert')")


def _recreate_table(database: Database) -> None:
    database.run("DROP TABLE nguon; CREATE TABLE nguon (id bigint PRIMARY KEY, ten text)")
    database.run("ALTER TABLE nguon REPLICA IDENTITY FULL")


def _change_primary_key(database: Database) -> None:
    database.run("ALTER TABLE nguon DROP CONSTRAINT nguon_pkey, ADD PRIMARY KEY (ten)")


@pytest.mark.parametrize(
    ("lose", "reason"),
    [
        (_drop_slot, "the replication slot is gone"),
        (_drop_publication, "does not exist"),
        (_take_table_out, "lacks public.nguon"),
        (_publish_inserts_only, "leaves out some operations"),
        (_recreate_table, "lacks public.nguon"),
        (_change_primary_key, "has another primary key"),
    ],
)
def test_what_was_lost_while_away_begins_a_new_epoch_loudly(
    database: Database, capfd: pytest.CaptureFixture[str], lose: Any, reason: str
) -> None:
    first = database.read().snapshot()
    first.source.close()
    lose(database)
    database.run("INSERT INTO nguon VALUES (3, 'c')")
    second = database.read(after=first).snapshot()
    assert _epochs(second) == [2]
    assert {row["ten"]: row for row in second.rows().values()} == {row["ten"]: row for row in _rows(database).values()}
    said = capfd.readouterr().out
    assert reason in said and "positions start anew" in said


@pytest.mark.parametrize("lose", [_drop_publication, _take_table_out, _publish_inserts_only, _recreate_table])
def test_what_is_lost_while_reading_begins_a_new_epoch(
    database: Database, monkeypatch: pytest.MonkeyPatch, lose: Any
) -> None:
    monkeypatch.setattr("connectors.sources.postgres_capture.heartbeat.SECONDS", 0.2)
    reading = database.read().snapshot()
    lose(database)
    database.run("INSERT INTO nguon VALUES (3, 'c')")
    with pytest.raises(SourceUnavailable, match="a new snapshot follows"):
        reading.until(lambda: False)
    reading.open()
    reading.until(lambda: reading.events[-1]["operation"] == "snapshot_end" and reading.events[-1]["epoch"] == 2)
    last = [event for event in reading.events if event["epoch"] == 2 and event["operation"] not in MARKERS]
    assert {event["row"] for event in last} == set(_rows(database))


def test_an_identity_that_no_longer_suffices_is_said_and_mended_by_a_new_snapshot(database: Database) -> None:
    key = {"citizen_id": "ten", "else": "id"}
    reading = database.read("public.nguon", key=key).snapshot()
    database.run("ALTER TABLE nguon REPLICA IDENTITY DEFAULT; UPDATE nguon SET ten = 'đổi khóa' WHERE id = 1")
    with pytest.raises(SourceUnavailable, match="no longer covers ten"):
        reading.until(lambda: False)
    with pytest.raises(SourceUnavailable, match=r"ALTER TABLE public\.nguon REPLICA IDENTITY FULL;"):
        reading.source.open(reading.memory)
    database.run("ALTER TABLE nguon REPLICA IDENTITY FULL")
    reading.open()
    reading.until(lambda: reading.events[-1]["operation"] == "snapshot_end" and reading.events[-1]["epoch"] == 2)
    assert reading.rows()["1"]["ten"] == "đổi khóa"


def test_a_table_that_is_published_later_is_read_alone(database: Database) -> None:
    first = database.read().snapshot()
    first.source.close()
    database.run("CREATE TABLE them (id int PRIMARY KEY); INSERT INTO them VALUES (7)")
    second = database.read("public.nguon", "public.them", after=first)
    database.run("INSERT INTO nguon VALUES (3, 'c')")
    second.until(lambda: any(event["operation"] == "snapshot_end" for event in second.events))
    database.run("INSERT INTO them VALUES (8); INSERT INTO nguon VALUES (4, 'd')")
    second.until(lambda: second.events[-1]["row"] == "4")
    assert [event["row"] for event in second.events if event["resource"] == "public.them"] == ["", "7", "", "8"]
    assert [event["row"] for event in second.events if event["resource"] == "public.nguon"] == ["3", "4"]


def test_a_table_that_comes_back_is_read_again(database: Database) -> None:
    database.run("CREATE TABLE them (id int PRIMARY KEY); INSERT INTO them VALUES (7)")
    first = database.read("public.nguon", "public.them")
    first.until(lambda: sum(event["operation"] == "snapshot_end" for event in first.events) == 2).confirm()
    first.source.close()
    second = database.read(after=first)
    second.source.close()
    database.run("INSERT INTO them VALUES (8); DELETE FROM them WHERE id = 7")
    third = database.read("public.nguon", "public.them", after=second)
    third.until(lambda: any(event["operation"] == "snapshot_end" for event in third.events))
    assert [event["row"] for event in third.events] == ["", "8", ""]


def test_a_table_is_added_only_once_transactions_that_it_may_have_missed_have_ended(database: Database) -> None:
    """They wrote before the table was published and commit after: the stream does not have their changes."""
    first = database.read().snapshot()
    first.source.close()
    database.run("CREATE TABLE them (id int PRIMARY KEY)")
    with psycopg.connect(database.dsn) as other:
        other.execute("INSERT INTO them VALUES (7)")
        second = database.read("public.nguon", "public.them", after=first)
        for _ in range(20):
            second.step(0.02)
        assert second.events == []
        other.commit()
    second.until(lambda: any(event["operation"] == "snapshot_end" for event in second.events))
    assert [event["row"] for event in second.events] == ["", "7", ""]


def test_a_table_that_is_no_longer_published_does_not(database: Database) -> None:
    database.run("CREATE TABLE them (id int PRIMARY KEY)")
    first = database.read("public.nguon", "public.them")
    first.until(lambda: sum(event["operation"] == "snapshot_end" for event in first.events) == 2).confirm()
    first.source.close()
    second = database.read(after=first)
    database.run("INSERT INTO them VALUES (7); INSERT INTO nguon VALUES (3, 'c')")
    assert [event["row"] for event in second.stream(1)] == ["3"]
    assert _epochs(second) == [1]


@pytest.mark.parametrize(
    ("kept", "reason"),
    [
        ({"system_identifier": "7"}, "another database"),
        ({"timeline": 9}, "timeline"),
        ({"seen": "FFFFFF/0"}, "restored from a copy"),
    ],
)
def test_another_server_begins_a_new_epoch(
    database: Database, capfd: pytest.CaptureFixture[str], kept: dict[str, Any], reason: str
) -> None:
    first = database.read().snapshot()
    first.source.close()
    assert first.memory.last
    detail = recall(first.memory.last["detail"])
    assert detail is not None
    first.memory.last["detail"] = detail.model_copy(update=kept).model_dump_json()
    assert _epochs(database.read(after=first).snapshot()) == [2]
    assert reason in capfd.readouterr().out


def test_a_zombie_that_holds_the_slot_is_ended(database: Database) -> None:
    zombie = database.read().snapshot()
    zombie.confirm()
    successor = database.read(after=zombie)
    database.run("INSERT INTO nguon VALUES (3, 'c')")
    successor.stream(1)
    with pytest.raises(SourceUnavailable, match="terminating connection"):
        zombie.until(lambda: False)


def test_a_slot_of_another_database_is_left_alone(database: Database, postgres: SharedPostgres) -> None:
    other = database.read().snapshot()
    with fresh(postgres, _TABLE) as second:
        source = second.source(dsn=second.dsn)
        source._slot = database.slot
        with pytest.raises(SourceUnavailable, match="connect: slot"):
            source.open(Reading(source, other.memory).memory)
    database.run("INSERT INTO nguon VALUES (3, 'c')")
    other.stream(1)


def test_a_long_transaction_delays_the_beginning_without_blocking(database: Database) -> None:
    with psycopg.connect(database.dsn) as other:
        other.execute("INSERT INTO nguon VALUES (3, 'c')")
        reading = database.read()
        began = time.monotonic()
        assert reading.source.read(0.1) is None
        assert time.monotonic() - began < 2
        other.commit()
        reading.snapshot()
    assert set(reading.rows()) == {"1", "2", "3"}


def test_a_table_that_is_rewritten_as_the_snapshot_begins_is_read_anew(database: Database) -> None:
    """After a rewrite an older snapshot finds the table empty: that must not pass for the truth."""
    with psycopg.connect(database.dsn) as other:
        other.execute("INSERT INTO nguon VALUES (3, 'c')")
        reading = database.read()
        reading.step()
        other.commit()
        replication = reading.source._capture._replication  # type: ignore[union-attr]
        while (made := replication.new_slot(1)) is None:
            pass
    database.run("ALTER TABLE nguon ALTER ten TYPE varchar(5) USING upper(ten)")
    with pytest.raises(SourceUnavailable, match="rewritten"):
        reading.source._capture._begin_snapshot(made)  # type: ignore[union-attr]
    reading.open()
    reading.snapshot()
    assert [row["ten"] for row in reading.rows().values()] == ["A", "B", "C"]
