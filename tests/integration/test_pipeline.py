"""A real worker, `faust -A streams.app worker`, between raw topics and delivery topics in a real Kafka."""

import base64
import json
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from deploy.embedded.kafka import Kafka
from deploy.embedded.ports import free_port
from schemas import catalogue_topic, compose, topics
from schemas.catalogue import compile_catalogue
from schemas.kafka import consumer_settings, producer_settings
from schemas.registry import Decoder, Registry, Writer
from schemas.sealing import Seal
from schemas.settings import Settings
from tests.chaos.processes import Process, python, wait_until
from tests.integration.account import assert_balanced, feed_all
from tests.integration.shared_servers import SharedPostgres
from tests.unit.streams.city import ENTITY
from tests.unit.streams.histories import values
from tests.unit.streams.memory import row_schema
from tests.unit.streams.simulation import (
    BAD_DATE,
    CITY,
    COLUMNS,
    KEYS,
    SUBSCRIBERS,
    Source,
    applied,
    expected,
)

PARTITIONS = 2


class LiveCity:
    """Kafka with the topics and the catalogue of the simulated city, its two sources, and workers as processes."""

    def __init__(self, kafka: str, registry: str, home: Path) -> None:
        self.settings = Settings(kafka=kafka, registry=registry, data=home, secrets=home)
        self.home = home
        self.registry = Registry(registry)
        self.sources = {name: Source(name) for name in ("a", "b")}
        self.workers: dict[str, Process] = {}
        self.metrics_ports: dict[str, int] = {}
        self._sent = dict.fromkeys(self.sources, 0)
        self._producer = Producer(producer_settings(kafka))
        self._prepare()
        self._writers = {name: self._writer(name) for name in self.sources}

    def _prepare(self) -> None:
        (self.home / self.settings.dead_letter_key).write_text(base64.b64encode(bytes(range(32))).decode())
        made = [
            *topics.shared_topics(),
            *topics.entity_topics(ENTITY, partitions=PARTITIONS),
            *[topics.raw_topic(system, ENTITY, partitions=PARTITIONS) for system in self.sources],
            *[topics.delivery_topic(system, ENTITY) for system in SUBSCRIBERS],
        ]
        admin = AdminClient({"bootstrap.servers": self.settings.kafka})
        for done in admin.create_topics([NewTopic(t.name, t.partitions, 1, config=t.config) for t in made]).values():
            done.result(30)
        catalogue_topic.publish(self.settings, compile_catalogue(CITY, 1))

    def _writer(self, system: str) -> Writer:
        subject = f"{topics.raw(system, ENTITY)}-value"
        self.registry.set_compatibility(subject, "NONE")
        return Writer(self.registry, subject, compose.for_row(row_schema(system, COLUMNS)))

    def start(self, name: str) -> Process:
        self.metrics_ports[name] = free_port()
        environment = {
            "LIENTHONG_KAFKA": self.settings.kafka,
            "LIENTHONG_REGISTRY": self.settings.registry,
            "LIENTHONG_DATA": str(self.home),
            "LIENTHONG_SECRETS": str(self.home),
            "LIENTHONG_WORKER": name,
            "LIENTHONG_METRICS_PORT": str(self.metrics_ports[name]),
        }
        argv = python("faust", "-A", "streams.app", "worker", "--without-web", "-l", "warn")
        self.workers[name] = Process(name, argv, environment, self.home / f"{name}.log").start()
        return self.workers[name]

    def capture(self) -> None:
        for system, source in self.sources.items():
            topic = topics.raw(system, ENTITY)
            for key, event in source.log[self._sent[system] :]:
                value = self._writers[system].encode(event)
                if key is not None:
                    self._producer.produce(topic, key=key.encode(), value=value)
                for partition in range(PARTITIONS) if key is None else ():
                    self._producer.produce(topic, value=value, partition=partition)
            self._sent[system] = len(source.log)
        assert self._producer.flush(30) == 0

    def send_raw(self, system: str, key: bytes, value: bytes) -> None:
        self._producer.produce(topics.raw(system, ENTITY), key=key, value=value)
        assert self._producer.flush(30) == 0

    def read(self, topic: str) -> list[Any]:
        """Every committed record of a topic of one partition, decoded."""
        reader = Consumer(consumer_settings(self.settings.kafka, f"test-{topic}", **{"enable.partition.eof": True}))
        reader.assign([TopicPartition(topic, 0, 0)])
        decoder = Decoder(self.registry)
        found: list[Any] = []
        try:
            while True:
                message = reader.poll(30)
                assert message is not None, f"{topic}: no end"
                if message.error():
                    return found
                found.append(decoder.decode(message.value() or b""))
        finally:
            reader.close()

    def target(self, system: str) -> dict[str, Any]:
        return applied(self.read(topics.to(system, ENTITY)), system)

    def await_truth(self, seconds: float = 60) -> None:
        def wrong() -> dict[str, Any]:
            truth = {system: expected(self.sources["a"], self.sources["b"], system) for system in SUBSCRIBERS}
            found = {system: self.target(system) for system in SUBSCRIBERS}
            return {system: (found[system], truth[system]) for system in truth if found[system] != truth[system]}

        wait_until(lambda: not wrong(), seconds=seconds, what="targets hold the truth", detail=lambda: str(wrong()))


@pytest.fixture
def city(
    private_kafka: Callable[[], Kafka], registry: str, postgres: SharedPostgres, tmp_path: Path
) -> Iterator[LiveCity]:
    made = LiveCity(private_kafka().bootstrap, registry, tmp_path)
    (tmp_path / "store_dsn").write_text(postgres.dsn(postgres.create_database()))
    feed_all(made.settings)
    yield made
    for worker in made.workers.values():
        worker.stop()


def _insert(source: Source, so: str | None, **more: str) -> None:
    source.begin()
    source.insert(so, {**values(random.Random(1)), **more})


def test_changes_arrive_while_workers_die_and_bad_records_are_buried(city: LiveCity) -> None:
    a, b, chance = city.sources["a"], city.sources["b"], random.Random(7)
    city.start("w1")
    _insert(a, KEYS[0], ten="Trần Thị Một", xa="00001")
    _insert(b, KEYS[0], ten="không ai hỏi", dt="+84912345678")
    _insert(a, None, ten="Trẻ sơ sinh", xa="00001")
    city.capture()
    city.await_truth()

    a.begin()
    a.update("2", so=KEYS[1], values=a.rows["2"].values)  # the newborn gets its citizen id
    city.capture()
    city.await_truth()
    operations = [delivery["operation"] for delivery in city.read(topics.to("all", ENTITY))]
    assert "rename" in operations

    a.begin()
    a.update("1", so=KEYS[0], values=a.rows["1"].values | {"sinh": BAD_DATE})
    city.capture()
    city.send_raw("a", f"citizen_id:{KEYS[0]}".encode(), b"\0\0\0\0\7 not Avro")
    wait_until(lambda: len(city.read(topics.DEAD_LETTERS)) == 2, seconds=30, what="two dead letters")
    _check_dead_letters(city)
    with urlopen(f"http://127.0.0.1:{city.metrics_ports['w1']}/metrics") as answer:
        assert 'lienthong_dead_letters_total{entity="person",reason="bad_date"' in answer.read().decode()

    city.start("w2")
    for _ in range(3):
        for _ in range(40):
            source = chance.choice((a, b))
            source.begin()
            if len(source.rows) < 3 or chance.random() < 0.3:
                source.insert(chance.choice(KEYS), values(chance))
            elif chance.random() < 0.2:
                source.delete(chance.choice(sorted(source.rows)))
            else:
                source.update(chance.choice(sorted(source.rows)), so=chance.choice(KEYS), values=values(chance))
            city.capture()
        city.workers[chance.choice(("w1", "w2"))].kill()
    a.snapshot()
    a.begin()
    if "1" in a.rows:
        a.update("1", so=a.rows["1"].so, values=values(chance))
    city.capture()
    city.await_truth()
    _check_outcomes(city)
    assert_balanced(city.settings, resting=("raw", "identify"))
    assert city.workers.pop("w1").stop() == 0, "a worker that is asked to stop ends cleanly"


def _check_dead_letters(city: LiveCity) -> None:
    letters = {letter["reason"]: letter for letter in city.read(topics.DEAD_LETTERS)}
    bad_date, bad_bytes = letters["bad_date"], letters[next(reason for reason in letters if reason != "bad_date")]
    assert (bad_date["stage"], bad_date["field"], bad_date["system"]) == ("normalise", "birth_date", "a")
    assert bad_bytes["stage"] == "decode"
    seal = Seal.from_file(city.home / city.settings.dead_letter_key)
    event = Decoder(city.registry).decode(seal.open(bad_date["payload"]))
    assert event["after"]["sinh"] == BAD_DATE
    assert BAD_DATE not in json.dumps({k: v for k, v in bad_date.items() if k != "payload"})
    for name in city.workers:
        assert BAD_DATE not in (city.home / f"{name}.log").read_text()


def _check_outcomes(city: LiveCity) -> None:
    """Each delivery was counted once, also over the kills."""
    outcomes = city.read(topics.OUTCOMES)
    for system in SUBSCRIBERS:
        routed = sum(o["count"] for o in outcomes if (o["result"], o["system"]) == ("routed", system))
        assert routed == len(city.read(topics.to(system, ENTITY)))
    quarantined = [o for o in outcomes if o["result"] == "quarantined"]
    assert {o["reason"] for o in quarantined} >= {"bad_date"}
    assert all(o["count"] == 1 and o["event_id"] for o in quarantined)
