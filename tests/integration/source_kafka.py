"""Kafka as a source's loop needs it: its topics, and what it has put there."""

import base64
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, cast
from uuid import uuid4

from confluent_kafka import Consumer, KafkaError, Message, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from connectors.run_source import make_loop
from schemas import topics
from schemas.catalogue import compile_catalogue
from schemas.kafka import consumer_settings
from schemas.manifest import Manifest
from schemas.registry import Decoder, Registry
from schemas.settings import Settings

_SECONDS = 30.0


Headers = list[tuple[str, bytes]]


class Record(NamedTuple):
    """One record, its value decoded."""

    topic: str
    partition: int
    key: str | None
    value: dict[str, Any]
    headers: dict[str, str]


@dataclass
class Kafka:
    """Topics of one system of the test's own."""

    settings: Settings
    system: str
    _seal_key: bytes = field(default_factory=lambda: os.urandom(32))

    def __post_init__(self) -> None:
        self.decode = Decoder(Registry(self.settings.registry)).decode
        self.settings.secrets.mkdir(parents=True, exist_ok=True)
        path = self.settings.secrets / self.settings.dead_letter_key
        path.write_text(base64.b64encode(self._seal_key).decode())

    @property
    def raw(self) -> str:
        """The system's raw topic."""
        return topics.raw(self.system, "person")

    def create_topics(self, **raw_config: str) -> None:
        """The shared topics, and the raw topic with three partitions."""
        wanted = [topics.raw_topic(self.system, "person", partitions=3), *topics.shared_topics()]
        wanted[0].config.update({name.replace("_", "."): value for name, value in raw_config.items()})
        admin = AdminClient({"bootstrap.servers": self.settings.kafka})
        asked = admin.create_topics([NewTopic(t.name, t.partitions, 1, config=t.config) for t in wanted])
        for future in asked.values():
            error = future.exception()
            if error is not None and error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:
                raise error

    def records(self, topic: str) -> list[Record]:
        """All committed records of the topic, or those of this system where the topic is shared."""
        group = {"enable.partition.eof": True}
        consumer = Consumer(consumer_settings(self.settings.kafka, str(uuid4()), **group))
        partitions = consumer.list_topics(topic, 10).topics[topic].partitions
        consumer.assign([TopicPartition(topic, partition, 0) for partition in partitions])
        found, open_ends = [], len(partitions)
        while open_ends:
            message = consumer.poll(10)
            assert message is not None, f"no answer while reading {topic}"
            if error := message.error():
                assert error.code() == KafkaError._PARTITION_EOF, error
                open_ends -= 1
                continue
            found.append(self._record(message))
        consumer.close()
        return [record for record in found if record.value["system"] == self.system]

    def _record(self, message: Message) -> Record:
        key, value, headers = message.key(), cast(bytes, message.value()), cast(Headers, message.headers() or [])
        return Record(
            topic=str(message.topic()),
            partition=message.partition() or 0,
            key=key.decode() if key else None,
            value=self.decode(value),
            headers={name: text.decode() for name, text in headers},
        )

    def until(self, topic: str, done: Callable[[list[Record]], Any]) -> list[Record]:
        """The records of the topic once `done(records)`. Fails when that takes too long."""
        deadline = time.monotonic() + _SECONDS
        while not done(found := self.records(topic)):
            if time.monotonic() > deadline:
                raise AssertionError(f"waited {_SECONDS:.0f} s for {topic}; got {[record.value for record in found]}")
            time.sleep(0.1)
        return found

    def rows(self, count: int) -> list[Record]:
        """Raw records that are no markers, once there are `count`, in the order of their positions."""
        found = self.until(self.raw, lambda records: len(_data(records)) >= count)
        assert len(_data(found)) == count
        return sorted(_data(found), key=lambda r: (r.value["epoch"], r.value["commit"], r.value["ordinal"]))

    @contextmanager
    def loop(self, manifest: Manifest) -> Iterator["Running"]:
        """The loop of a source in a thread of this process, once its snapshot is complete."""
        running = Running(self, manifest)
        try:
            running.until_streaming()
            yield running
        finally:
            running.stop()


def _data(records: list[Record]) -> list[Record]:
    return [record for record in records if record.value["operation"] in ("read", "create", "update", "delete")]


#: Newer than what other tests may publish in the Kafka that they share.
REVISION = 1_000_000


class Running:
    """`failure` is what ended the loop, None while it runs or after it was stopped."""

    def __init__(self, kafka: Kafka, manifest: Manifest) -> None:
        self.stopping = threading.Event()
        self.failure: Exception | None = None
        catalogue = compile_catalogue([manifest], REVISION)
        self._loop = make_loop(manifest.system, kafka.settings, catalogue, stopping=self.stopping)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            self._loop.run()
        except Exception as error:
            self.failure = error

    def until_streaming(self) -> None:
        """Until the snapshot is acknowledged."""
        deadline = time.monotonic() + _SECONDS
        while not (self.failure or self._phase() == "streaming"):
            assert time.monotonic() < deadline, f"the source is still {self._phase()}"
            time.sleep(0.02)

    def _phase(self) -> str:
        last = self._loop._memory.last
        return last["phase"] if last and last["generation"] == self._loop._memory.generation else "starting"

    def stop(self) -> None:
        """As SIGTERM does."""
        self.stopping.set()
        self.wait()

    def wait(self) -> None:
        """Until the loop has ended."""
        self._thread.join(_SECONDS)
        assert not self._thread.is_alive()


def kafka_for(bootstrap: str, registry: str, folder: Path, system: str) -> Kafka:
    """Settings and topics of a test's own system."""
    settings = Settings(kafka=bootstrap, registry=registry, data=folder, secrets=folder / "secrets")
    return Kafka(settings, system)
