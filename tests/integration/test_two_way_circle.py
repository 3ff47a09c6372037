"""Two PostgreSQL systems that both speak and listen, real sources and sinks, the streams between in memory."""

import random
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

import pytest

from connectors.kit import KeptMemory
from connectors.kit.sink_feed import Feed
from connectors.sinks.postgres import sink
from connectors.sources.postgres import source
from connectors.values import Write
from schemas import topics
from schemas.manifest import Manifest
from schemas.mapping import compile_out, key_in, key_out
from schemas.records import Delivery
from schemas.settings import Settings
from streams.worker import Worker
from tests.integration.shared_servers import SharedPostgres
from tests.integration.source_database import Database, Reading, fresh
from tests.unit.streams.city import worker
from tests.unit.streams.memory import MemoryKafka, MemoryRegistry, RawWriter, decoded

_COLUMNS = ("id", "so", "ten", "noi")
_FIELDS = {"full_name": "ten", "residence": "noi"}
_TABLE = """
CREATE TABLE nguoi (id text PRIMARY KEY, so text, ten text, noi varchar(12));
ALTER TABLE nguoi REPLICA IDENTITY FULL;
INSERT INTO nguoi SELECT n::text, '00109900000' || n, 'Người ' || n, 'Huế' FROM generate_series(1, 3) AS n;
"""


@dataclass
class Office:
    """One system: its database, source and sink, and how far it has come."""

    manifest: Manifest
    database: Database
    reading: Reading
    feed: Feed
    captured: int = 0
    delivered: int = 0


@dataclass
class Circle:
    """The offices and the streams between them."""

    offices: dict[str, Office]
    registry: MemoryRegistry = field(default_factory=MemoryRegistry)
    kafka: MemoryKafka = field(default_factory=MemoryKafka)
    read: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.worker: Worker = worker([office.manifest for office in self.offices.values()], self.registry)

    def capture(self, name: str) -> None:
        """Everything that the source has, up to a change that is made for this."""
        office = self.offices[name]
        [publication] = office.manifest.publishes["person"]
        key, write = key_in(publication, name), RawWriter(self.registry, name, _COLUMNS)
        office.database.run("INSERT INTO nguoi VALUES ('mốc'); DELETE FROM nguoi WHERE id = 'mốc'")
        office.reading.until(lambda: any(e["row"] == "mốc" for e in office.reading.events[office.captured :]))
        while office.reading.events[-1]["operation"] != "delete":
            office.reading.step()
        for event in office.reading.events[office.captured :]:
            if event["operation"] in ("create", "update", "read") and event["row"] != "mốc":
                after: Any = event["after"]
                self.kafka.append(topics.raw(name, "person"), key(after).encode(), write(event))
        office.captured = len(office.reading.events)
        self.work(topics.raw(name, "person"))

    def work(self, topic: str) -> None:
        start, log = self.read.get(topic, 0), self.kafka.logs[topic, 0]
        if start < len(log):
            self.worker.process(self.kafka.batch(topic, 0, start, len(log)))
            self.read[topic] = len(log)

    def deliver(self, name: str) -> bool:
        """Everything that the streams have for it. False: nothing."""
        office = self.offices[name]
        subscription = office.manifest.subscribes["person"]
        key, values = key_out(subscription), compile_out(subscription, "person")
        records = self.kafka.logs[topics.to(name, "person"), 0][office.delivered :]
        office.delivered += len(records)
        for record in records:
            sent: Delivery = decoded(record.value, self.registry)
            found = key(sent["key"])
            assert found is not None
            assert sent["fields"] is not None
            write = Write("upsert", found, values(sent["fields"]), None, sent["version"], 0, sent["event_id"])
            office.feed.write(write)
        return bool(records)

    def settle(self) -> int:
        """Rounds until nobody is sent anything."""
        for rounds in range(10):
            for name in self.offices:
                self.capture(name)
            delivered = [self.deliver(name) for name in self.offices]
            if not any(delivered):
                return rounds
        raise AssertionError("deliveries do not stop")

    def table(self, name: str) -> dict[str, tuple[str, str]]:
        rows = self.offices[name].database.connection.execute("SELECT so, ten, noi FROM nguoi").fetchall()
        return {so: (ten, noi) for so, ten, noi in rows}


@pytest.fixture
def circle(postgres: SharedPostgres) -> Iterator[Circle]:
    with ExitStack() as opened:
        offices = {}
        for name, owned, received in (("ho_tich", "full_name", "residence"), ("dan_cu", "residence", "full_name")):
            database = opened.enter_context(fresh(postgres, _TABLE))
            manifest = _manifest(database, name, owned, received)
            reading = Reading(source(manifest, Settings()), KeptMemory(None))
            opened.callback(reading.source.close)
            reading.open()
            reading.snapshot()
            feed = Feed(sink(manifest, Settings()))
            opened.callback(feed.sink.close)
            offices[name] = Office(manifest, database, reading, feed)
        yield Circle(offices)


def _manifest(database: Database, name: str, owned: str, received: str) -> Manifest:
    publication = {"from": "public.nguoi", "key": {"citizen_id": "so", "else": "id"}, "fields": _FIELDS}
    publication["owns"] = [owned] + (["existence"] if name == "dan_cu" else [])
    fields = {_FIELDS[received]: received}
    received_rows = {"into": "public.nguoi", "key": {"id": "own"}, "fields": fields, "purpose": "thử"}
    return Manifest.model_validate(
        {
            "system": name,
            "connect": {"kind": "postgres", "dsn": database.dsn, "slot": database.slot},
            "publishes": {"person": publication},
            "subscribes": {"person": received_rows},
        }
    )


def test_what_each_office_owns_stands_in_both_and_then_it_is_quiet(circle: Circle) -> None:
    circle.settle()
    circle.offices["ho_tich"].database.run("UPDATE nguoi SET ten = 'An', noi = 'Vinh' WHERE id = '1'")
    circle.offices["dan_cu"].database.run("UPDATE nguoi SET ten = 'Bình', noi = 'Huế' WHERE id = '1'")
    circle.settle()
    assert circle.table("ho_tich")["001099000001"] == circle.table("dan_cu")["001099000001"] == ("An", "Huế")
    assert circle.settle() == 0


def test_officers_who_edit_while_deliveries_are_written_are_answered_and_nothing_bounces(circle: Circle) -> None:
    chance = random.Random(5)
    for _ in range(40):
        name, row = chance.choice(list(circle.offices)), chance.choice("123")
        column, value = chance.choice(("ten", "noi")), chance.choice(("An", "Huế", "Vinh"))
        circle.offices[name].database.run(f"UPDATE nguoi SET {column} = '{value}' WHERE id = '{row}'")
        match chance.randrange(4):
            case 0:
                circle.capture(chance.choice(list(circle.offices)))
            case 1:
                circle.deliver(chance.choice(list(circle.offices)))
    due = {so: (ten, circle.table("dan_cu")[so][1]) for so, (ten, _) in circle.table("ho_tich").items()}
    circle.settle()
    assert circle.table("ho_tich") == circle.table("dan_cu") == due
    assert circle.settle() == 0
