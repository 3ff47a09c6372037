"""A member of a group, a state and a producer of rounds, in the test's own process."""

import time
import uuid
from dataclasses import replace
from pathlib import Path

from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic
from rocksdict import Cache

from streams.engine.assignment import Assignment, generation_of
from streams.engine.batch import Batch, Stage
from streams.engine.cluster import Cluster
from streams.engine.partitions import Partition, Piece
from streams.engine.producer import RoundProducer
from streams.engine.records import Record
from streams.engine.recovery import Recovered, Recovery
from streams.engine.settings import EngineSettings
from streams.engine.state import PartitionState
from streams.engine.watchdog import Watchdog
from tests.integration.engine_harness import PARTITIONS, read


class Member:
    """A member of the group, as the engine's consumer is one."""

    def __init__(self, settings: EngineSettings) -> None:
        self._consumer = Consumer(settings.consumer_config())
        self.metadata = b""
        self._consumer.subscribe([settings.anchor], on_assign=self._assigned, on_revoke=self._revoked)

    def _assigned(self, consumer: Consumer, _places: list[TopicPartition]) -> None:
        consumer.assign([])
        self.metadata = bytes(consumer.consumer_group_metadata())

    def _revoked(self, consumer: Consumer, _places: list[TopicPartition]) -> None:
        consumer.unassign()

    def poll(self, *others: "Member", seconds: float = 20) -> bytes:
        """Poll all until this one is assigned (anew)."""
        before, deadline = self.metadata, time.monotonic() + seconds
        while self.metadata == before:
            assert time.monotonic() < deadline
            for member in (self, *others):
                member._consumer.poll(0.05)
        return self.metadata

    def close(self) -> None:
        self._consumer.close()


class Scene:
    """Topics, a member of the group, a state and a producer of rounds."""

    def __init__(self, kafka: str, folder: Path, *, session_timeout_ms: int = 6_000) -> None:
        name = f"rounds-{uuid.uuid4().hex[:8]}"
        self.kafka, self.out = kafka, f"{name}.out"
        self.settings = EngineSettings(
            bootstrap=kafka,
            group=name,
            worker="w",
            data_dir=folder,
            anchor=f"{name}.in",
            changelog=f"{name}.state",
            session_timeout_ms=session_timeout_ms,
        )
        admin = AdminClient({"bootstrap.servers": kafka})
        topics = [NewTopic(topic, PARTITIONS, 1) for topic in (f"{name}.in", f"{name}.state", self.out)]
        for future in admin.create_topics(topics).values():
            future.result(20)
        self.producer = RoundProducer(0, self.settings, Watchdog(60))
        self.producer.start()
        self.member = Member(self.settings)
        self.member.poll()
        self.state = PartitionState(folder / "state", cache=Cache(1_000_000))

    def fill(self, count: int) -> None:
        """So many records in each partition of the source, so that its offsets exist."""
        producer = Producer({"bootstrap.servers": self.kafka})
        for number in range(PARTITIONS * count):
            producer.produce(self.settings.anchor, b"v", b"k", number % PARTITIONS)
        assert producer.flush(10) == 0

    def batch(self, *, offset: int, metadata: bytes | None = None, partition: int = 1) -> Batch:
        """A started batch of one record."""
        metadata = metadata or self.member.metadata
        home = Partition(partition, state=self.state, changelog_id="id")
        assignment = Assignment(generation_of(metadata), metadata, {partition: home})
        piece = Piece([Record(self.settings.anchor, partition, offset, b"k", b"v")])
        batch = Batch(piece, home=home, assignment=assignment, owner=None)  # type: ignore[arg-type]
        batch.stage = Stage.STARTED
        return batch

    def recover(self, folder: Path, *, watchdog: Watchdog | None = None) -> tuple[Recovery, list[Recovered]]:
        """A new owner of partition 1, on its way; what it recovers comes into the list."""
        ready: list[Recovered] = []
        metadata = self.member.metadata
        recovery = Recovery(
            assignment=Assignment(generation_of(metadata), metadata, {1: Partition(1)}, [self.settings.anchor]),
            settings=replace(self.settings, data_dir=folder),
            cluster=Cluster(self.settings),
            cache=Cache(1_000_000),
            watchdog=watchdog or Watchdog(60),
            on_ready=ready.append,
        )
        recovery.start()
        return recovery, ready

    def outputs(self) -> list[bytes | None]:
        return [value for rows in read(self.kafka, self.out).values() for _key, value in rows]

    def committed(self, partition: int = 1) -> int:
        reader = Consumer(self.settings.recovery_config())
        (place,) = reader.committed([TopicPartition(self.settings.anchor, partition)], timeout=10)
        reader.close()
        return int(place.offset)

    def close(self) -> None:
        self.member.close()
        self.state.close()
