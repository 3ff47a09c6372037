"""Where a newer version has been at a target or in the store: an older one says so, and changes nothing there.

What says no format is of the first: it is taken up where it stands.
"""

from typing import Any

import psycopg
import pytest
from confluent_kafka import Consumer, TopicPartition

from connectors.contract import Sink
from connectors.errors import SinkUnavailable
from connectors.group_positions import GroupPositions
from connectors.kit.sink_feed import STREAM, Feed
from connectors.sinks import postgres, sql_poll
from console.errors import ConsoleError
from console.store.database import StoreUnavailable, connect, prepare
from schemas.kafka import consumer_settings
from schemas.manifest import Manifest
from schemas.settings import Settings
from tests.contract.sinks.rest import topic_for_positions
from tests.integration.shared_servers import SharedPostgres
from tests.integration.sink_database import Database, fresh, put

_NEWER = "which a newer version has written"
_TABLE = "CREATE TABLE public.dich (ma text PRIMARY KEY, note text)"

#: By kind: its module, where its positions stand, how they say another format, how they say none.
_TARGETS: dict[str, tuple[Any, str, str, str]] = {
    "postgres": (
        postgres,
        "lienthong.position",
        "COMMENT ON TABLE lienthong.position IS 'Format 2.'",
        "COMMENT ON TABLE lienthong.position IS NULL",
    ),
    "sql_poll": (
        sql_poll,
        "lienthong_position",
        "UPDATE lienthong_position SET next_offset = 2 WHERE topic = 'lienthong.format'",
        "DELETE FROM lienthong_position WHERE topic = 'lienthong.format'",
    ),
}


def _manifest(database: Database, kind: str) -> Manifest:
    reached_by = {"postgres": ("dsn", "postgresql"), "sql_poll": ("url", "postgresql+psycopg")}
    name, scheme = reached_by[kind]
    subscription = {"into": "public.dich", "key": {"ma": "key"}, "fields": {"note": "note"}, "purpose": "kiểm tra"}
    connect_by = {"kind": kind, name: database.dsn.replace("postgresql", scheme, 1)}
    return Manifest.model_validate({"system": "dich", "connect": connect_by, "subscribes": {"person": subscription}})


@pytest.mark.parametrize("kind", _TARGETS)
def test_a_target_of_a_newer_version_is_left_as_it_is(postgres: SharedPostgres, kind: str) -> None:
    module, table, say_newer, say_nothing = _TARGETS[kind]
    database = fresh(postgres, _TABLE)
    manifest = _manifest(database, kind)

    def made() -> Sink:
        found: Sink = module.sink(manifest, Settings())
        return found

    Feed(made()).write(put("k#1", note="An"))
    database.run(say_newer)
    before = _everything(database, table)
    with pytest.raises(SinkUnavailable, match=_NEWER):
        made().open([STREAM])
    with pytest.raises(SinkUnavailable, match=_NEWER):
        module.forget(manifest, Settings())
    with pytest.raises(SinkUnavailable, match=_NEWER):
        module.readable(manifest, Settings()).position(STREAM)
    assert any(_NEWER in finding.problem for finding in made().probe())
    assert _everything(database, table) == before

    database.run(say_nothing)
    assert Feed(made()).position == 1


def test_a_target_of_which_a_newer_version_keeps_less_gets_nothing_added(postgres: SharedPostgres) -> None:
    for kind, (module, table, say_newer, _) in _TARGETS.items():
        database = fresh(postgres, _TABLE)
        Feed(module.sink(_manifest(database, kind), Settings()))
        database.run(f"{say_newer}; DROP TABLE {table.replace('position', 'arrived')}")
        before = _everything(database, table)
        with pytest.raises(SinkUnavailable, match=_NEWER):
            module.sink(_manifest(database, kind), Settings()).open([STREAM])
        assert _everything(database, table) == before


def test_positions_in_kafka_of_a_newer_version_stay_with_whoever_has_them(kafka: str) -> None:
    topic_for_positions(kafka)
    owner = GroupPositions(kafka, "lienthong.position.newer")
    assert owner.take(STREAM) == 0
    owner.advance(STREAM, 5)
    place = TopicPartition(STREAM.topic, STREAM.partition, 5, f"{STREAM.topic_id} 1 2")
    newer = Consumer(consumer_settings(kafka, "lienthong.position.newer"))
    newer.commit(offsets=[place], asynchronous=False)
    with pytest.raises(SinkUnavailable, match=_NEWER):
        GroupPositions(kafka, "lienthong.position.newer").take(STREAM)
    [found] = newer.committed([place], 20)
    assert (found.offset, found.metadata) == (5, place.metadata)
    newer.close()
    # Nobody has fenced it off, and what it writes says no format: that is the first.
    owner.advance(STREAM, 6)
    assert GroupPositions(kafka, "lienthong.position.newer").take(STREAM) == 6


def test_a_store_of_a_newer_version_is_left_as_it_is(postgres: SharedPostgres) -> None:
    dsn = postgres.dsn(postgres.create_database())
    with prepare(dsn) as connection:
        connection.execute("INSERT INTO migrations (number, name) VALUES (99, '99_newer.sql')")
        connection.execute("DROP TABLE dead_letters")
    with pytest.raises(ConsoleError, match=_NEWER):
        prepare(dsn)
    with pytest.raises(StoreUnavailable, match=_NEWER):
        connect(dsn)
    with psycopg.connect(dsn) as plain:
        assert plain.execute("SELECT to_regclass('lienthong.dead_letters')").fetchone() == (None,)
        plain.execute("DELETE FROM lienthong.migrations WHERE number = 99")
    with connect(dsn) as connection:
        assert connection.execute("SELECT count(*) FROM ranges").fetchone() == (0,)


def _everything(database: Database, table: str) -> list[tuple[Any, ...]]:
    """The positions with what is said of their table, the rows, and which tables there are."""
    return [
        *database.rows(f"SELECT *, xmin::text FROM {table} ORDER BY topic"),
        *database.rows(f"SELECT obj_description('{table}'::regclass)"),
        *database.rows("SELECT *, xmin::text FROM dich"),
        *database.rows("SELECT oid FROM pg_class WHERE relnamespace::regnamespace::text IN ('public', 'lienthong')"),
    ]
