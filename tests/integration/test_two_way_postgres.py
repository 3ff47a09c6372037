"""A system whose own table is written by its sink and read by its source: what we wrote is told from officers' work."""

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from connectors.kit import KeptMemory
from connectors.kit.sink_feed import Feed
from connectors.sinks.postgres import sink
from connectors.sources.postgres import source
from connectors.values import Write
from schemas.manifest import Manifest
from schemas.settings import Settings
from tests.integration.shared_servers import SharedPostgres
from tests.integration.source_database import Database, Reading, fresh

_TABLE = """
CREATE TABLE cong_dan (id text PRIMARY KEY, ma text UNIQUE, ten text, noi text);
ALTER TABLE cong_dan REPLICA IDENTITY FULL;
INSERT INTO cong_dan VALUES ('1', 'k#1', 'An', 'Huế'), ('2', 'k#2', 'Bình', 'Huế');
"""


@pytest.fixture
def database(postgres: SharedPostgres) -> Iterator[Database]:
    with fresh(postgres, _TABLE) as made:
        yield made


def _manifest(database: Database, *, dsn: str = "", key: dict[str, str], publishes: bool = True) -> Manifest:
    publication = {"from": "public.cong_dan", "key": {"else": "id"}, "fields": {"full_name": "ten", "residence": "noi"}}
    received = {"into": "public.cong_dan", "key": key, "fields": {"noi": "residence"}, "purpose": "thử"}
    return Manifest.model_validate(
        {
            "system": "ho_tich",
            "connect": {"kind": "postgres", "dsn": dsn or database.dsn, "slot": database.slot},
            "publishes": {"person": publication} if publishes else {},
            "subscribes": {"person": received},
        }
    )


def _reading(database: Database, manifest: Manifest) -> Iterator[Reading]:
    reading = Reading(source(manifest, Settings()), KeptMemory(None))
    reading.open()
    try:
        yield reading.snapshot()
    finally:
        reading.source.close()


def _told(reading: Reading, count: int) -> list[tuple[Any, ...]]:
    return [(event["operation"], event["row"], event.get("ours")) for event in reading.stream(count)]


def _put(noi: str, **key: str) -> Write:
    return Write("upsert", dict(key), {"noi": noi}, None, 1, 0, "o/rows/1/1/1")


def test_an_officer_between_two_deliveries_is_told_from_them(database: Database) -> None:
    manifest = _manifest(database, key={"id": "own"})
    for reading in _reading(database, manifest):
        assert {event.get("ours") for event in reading.events} == {None}, (
            "nobody knows who wrote the rows of a snapshot"
        )
        feed = Feed(sink(manifest, Settings()))
        feed.write(_put("Vinh", id="1"), _put("Vinh", id="2"), _put("Vinh", id="9"))
        database.run("UPDATE cong_dan SET ten = 'Ân' WHERE id = '1'")
        feed.write(_put("Hà Nội", id="1"))
        told = _told(reading, 4)
        assert told == [("update", "1", True), ("update", "2", True), ("update", "1", False), ("update", "1", True)]
        assert database.one("SELECT count(*) FROM cong_dan") == 2, "own rows are never added"
        feed.sink.close()


def test_transactions_that_overlap_keep_their_marks(database: Database) -> None:
    manifest = _manifest(database, key={"id": "own"})
    for reading in _reading(database, manifest):
        feed = Feed(sink(manifest, Settings()))
        with psycopg.connect(database.dsn) as officer:
            officer.execute("UPDATE cong_dan SET ten = 'Bính' WHERE id = '2'")
            feed.write(_put("Vinh", id="1"))
            officer.execute("UPDATE cong_dan SET noi = 'Lào Cai' WHERE id = '1'")
        assert _told(reading, 3) == [("update", "1", True), ("update", "2", False), ("update", "1", False)]
        feed.sink.close()


def test_rows_that_we_make_rename_and_take_away_are_ours(database: Database) -> None:
    database.run("ALTER TABLE cong_dan ALTER id SET DEFAULT 'mới'")
    manifest = _manifest(database, key={"ma": "key"})
    for reading in _reading(database, manifest):
        feed = Feed(sink(manifest, Settings()))
        feed.write(_put("Vinh", ma="k#3"))
        feed.write(Write("rename", {"ma": "k#3"}, {}, {"ma": "k#4"}, 2, 0, "o/rows/1/2/1"))
        feed.write(Write("delete", {"ma": "k#4"}, {}, None, 3, 0, "o/rows/1/3/1"))
        assert _told(reading, 3) == [("create", "mới", True), ("update", "mới", True), ("delete", "mới", True)]
        feed.sink.close()


def test_without_the_right_to_an_origin_our_writes_are_marked_all_the_same(database: Database) -> None:
    role = f"role_{database.name}"
    database.run(f"CREATE ROLE {role} LOGIN PASSWORD 'mot-mat-khau'; GRANT SELECT, UPDATE ON cong_dan TO {role}")
    database.run(f"GRANT CREATE ON DATABASE {database.name} TO {role}")
    dsn = database.dsn.replace(database.dsn.split("//")[1].split("@")[0], f"{role}:mot-mat-khau")
    for reading in _reading(database, _manifest(database, key={"id": "own"})):
        feed = Feed(sink(_manifest(database, dsn=dsn, key={"id": "own"}), Settings()))
        feed.write(_put("Vinh", id="1"))
        database.run("UPDATE cong_dan SET ten = 'Ân' WHERE id = '1'")
        assert _told(reading, 2) == [("update", "1", True), ("update", "1", False)]
        feed.sink.close()


def test_the_origin_alone_tells_our_writes_too(database: Database) -> None:
    """Another system of the same database, which only listens, sends no message."""
    for reading in _reading(database, _manifest(database, key={"id": "own"})):
        feed = Feed(sink(_manifest(database, key={"ma": "key"}, publishes=False), Settings()))
        feed.write(_put("Vinh", ma="k#1"))
        assert _told(reading, 1) == [("update", "1", True)]
        feed.sink.close()
