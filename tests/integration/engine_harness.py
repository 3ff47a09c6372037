"""Topics, workers and readers for the engine's integration tests."""

import json
import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from confluent_kafka import Consumer, IsolationLevel, KafkaError, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._config import AlterConfigOpType, ConfigEntry, ConfigResource
from confluent_kafka.admin._listoffsets import OffsetSpec
from confluent_kafka.admin._resource import ResourceType
from confluent_kafka.cimpl import NewTopic
from rocksdict import Cache

from streams.engine.state import PartitionState
from tests.integration.topic_count import TopicCount

PARTITIONS = 4
_HERE = Path(__file__).parent
Row = tuple[bytes | None, bytes | None]


def until(what: Callable[[], object], *, seconds: float, doing: str) -> None:
    """Poll until it is true; fails the test with ``doing`` when it does not become so."""
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline, f"still waiting after {seconds:.0f} s: {doing}"
        time.sleep(0.1)


@dataclass
class Worker:
    """One ``faust worker`` process with its name, data folder and log."""

    name: str
    process: "subprocess.Popen[bytes]"
    log: Path

    def signal(self, number: int) -> None:
        self.process.send_signal(number)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(10)

    def stop(self, *, seconds: float = 10.0) -> float:
        """SIGTERM; returns the seconds that it took. Fails when it has to be killed or ends with an error."""
        began = time.monotonic()
        self.signal(signal.SIGTERM)
        assert self.process.wait(seconds) == 0, self.log.read_text()[-3000:]
        return time.monotonic() - began

    def has_logged(self, text: str) -> bool:
        return text in self.log.read_text()

    def owns_all(self) -> bool:
        """Whether its newest assignment is all partitions, and their state is recovered."""
        return self.owned() == list(range(PARTITIONS))

    def owned(self) -> list[int]:
        """The partitions of its newest assignment; none before they are recovered, or when they were taken away."""
        if self.process.poll() is not None:
            return []
        before, event, after = self.log.read_text().rpartition('"event": "partitions ')
        line = before.rpartition("\n")[2] + event + after.partition("\n")[0]
        if "partitions assigned" not in line or '"event": "recovery is done"' not in after:
            return []
        numbers: list[int] = json.loads(line)["partitions"]
        return numbers


@dataclass
class Site:
    """The topics of one test, under a name of their own, and its workers."""

    kafka: str
    data: Path
    name: str = field(default_factory=lambda: f"engine-{uuid.uuid4().hex[:8]}")
    workers: list[Worker] = field(default_factory=list)
    partitions: int = PARTITIONS
    #: What `faust -A` is given, and what the command line says besides.
    module: str = "tests.integration.engine_counting"
    options: tuple[str, ...] = ("--without-web",)
    #: What every worker finds in its environment, beside what it is started with.
    environment: dict[str, str] = field(default_factory=dict)
    _counts: dict[str, TopicCount] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.admin = AdminClient({"bootstrap.servers": self.kafka})
        for suffix in ("in", "out", "dead", "state"):
            self.create(suffix)

    def create(self, suffix: str, *, partitions: int | None = None) -> None:
        """A topic of the test, with the broker's own number of replicas; the one that holds the state is compacted."""
        config = {"cleanup.policy": "compact"} if suffix == "state" else {}
        topic = NewTopic(f"{self.name}.{suffix}", partitions or self.partitions, config=config)
        self.admin.create_topics([topic])[topic.topic].result(20)

    def exists(self, suffix: str) -> bool:
        """Whether there is a topic of that name."""
        return f"{self.name}.{suffix}" in self.admin.list_topics(timeout=10).topics

    def configure(self, suffix: str, wanted: dict[str, str]) -> None:
        """Change settings of a topic."""
        entries = [ConfigEntry(*pair, incremental_operation=AlterConfigOpType.SET) for pair in wanted.items()]
        topic = ConfigResource(ResourceType.TOPIC, f"{self.name}.{suffix}", incremental_configs=entries)
        self.admin.incremental_alter_configs([topic])[topic].result(20)

    def delete(self, suffix: str) -> None:
        name = f"{self.name}.{suffix}"
        self.admin.delete_topics([name])[name].result(20)
        until(lambda: name not in self.admin.list_topics(timeout=5).topics, seconds=20, doing=f"deleting {name}")

    def remove_records(self, suffix: str, *, before: int) -> None:
        """As retention does, in every partition."""
        places = [TopicPartition(f"{self.name}.{suffix}", number, before) for number in range(self.partitions)]
        for future in self.admin.delete_records(places).values():
            future.result(20)

    def produce(self, rows: Iterable[tuple[int, bytes, bytes]], *, suffix: str = "in") -> None:
        """Rows of (partition, key, value)."""
        # Without idempotence a batch that is sent again overtakes nobody only by luck.
        producer = Producer({"bootstrap.servers": self.kafka, "linger.ms": 5, "enable.idempotence": True})
        for partition, key, value in rows:
            producer.produce(f"{self.name}.{suffix}", value, key, partition)
            producer.poll(0)
        assert producer.flush(30) == 0

    def start(self, worker: str, **environment: str) -> Worker:
        """Start a worker; its name is its slot."""
        log = self.data / f"{worker}-{len(self.workers)}.log"
        with log.open("ab") as output:
            process = _faust(self, worker, environment, output)
        started = Worker(worker, process, log)
        self.workers.append(started)
        return started

    def rows(self, suffix: str) -> dict[int, list[Row]]:
        """All committed rows of a topic by partition, up to its present end."""
        return read(self.kafka, f"{self.name}.{suffix}")

    def await_decided(self, suffix: str, *, seconds: float = 30.0) -> None:
        """Until no transaction is open in a topic: a commit is answered before its markers stand everywhere."""
        until(
            lambda: (
                self._ends(suffix, IsolationLevel.READ_COMMITTED) == self._ends(suffix, IsolationLevel.READ_UNCOMMITTED)
            ),
            seconds=seconds,
            doing=f"the transactions in {suffix} to end",
        )

    def members(self) -> int:
        """How many members the group has, as the broker sees it."""
        group = self.admin.describe_consumer_groups([self.name], request_timeout=5)[self.name].result(10)
        return len(group.members)

    def out_values(self) -> set[bytes]:
        """The values that were read, without their counts."""
        rows = self.rows("out").values()
        return {(value or b"").partition(b":")[2] for part in rows for _key, value in part}

    def out_count(self) -> int:
        """How many results are out; what a broker that was just away tells only later is counted later."""
        return self.count("out")

    def count(self, suffix: str) -> int:
        """How many committed rows a topic holds. Cheap to ask again and again."""
        if suffix not in self._counts:
            topic = f"{self.name}.{suffix}"
            self._counts[suffix] = TopicCount(self.kafka, topic, partitions=self.partitions)
        try:
            self.admin.list_topics(timeout=5)  # else it may ask with an old leader's epoch for minutes
            return self._counts[suffix].up_to(self._ends(suffix, IsolationLevel.READ_COMMITTED))
        except KafkaException:
            return self._counts[suffix].rows

    def state(self, worker: str) -> dict[bytes, bytes]:
        """What a stopped worker's databases hold, of all partitions."""
        held: dict[bytes, bytes] = {}
        for path in sorted((self.data / worker / self.name).glob("partition-*")):
            held |= _held(path)
        return held

    def state_of(self, worker: str, partition: int) -> dict[bytes, bytes]:
        """What a stopped worker's database of one partition holds."""
        return _held(self.data / worker / self.name / f"partition-{partition}")

    def changelog(self) -> dict[bytes, bytes]:
        """The last value of each key in the changelog."""
        latest = {key or b"": value for rows in self.rows("state").values() for key, value in rows}
        return {key: value for key, value in latest.items() if value is not None}

    def _ends(self, suffix: str, isolation: IsolationLevel) -> list[int]:
        latest = OffsetSpec.latest()  # type: ignore[no-untyped-call]
        places = [TopicPartition(f"{self.name}.{suffix}", number) for number in range(self.partitions)]
        asked = self.admin.list_offsets(dict.fromkeys(places, latest), isolation_level=isolation, request_timeout=5)
        return [future.result(10).offset for future in asked.values()]

    def close(self) -> None:
        """Leave nothing behind."""
        for counting in self._counts.values():
            counting.close()
        for worker in self.workers:
            with suppress(ProcessLookupError):
                worker.process.kill()
            worker.process.wait(10)


def read(kafka: str, topic: str) -> dict[int, list[Row]]:
    """All committed rows of a topic by partition, up to its present end."""
    consumer = Consumer(
        {
            "bootstrap.servers": kafka,
            "group.id": "nobody",
            "isolation.level": "read_committed",
            "auto.offset.reset": "earliest",
            "enable.partition.eof": True,
        }
    )
    until(lambda: _numbers(consumer, topic), seconds=10, doing=f"{topic} to be known, which may just have been made")
    rows: dict[int, list[Row]] = {number: [] for number in _numbers(consumer, topic)}
    consumer.assign([TopicPartition(topic, number, 0) for number in rows])
    left = set(rows)
    deadline = time.monotonic() + 30
    while left:
        assert time.monotonic() < deadline, f"reading {topic} takes too long"
        for message in consumer.consume(2000, 0.1):
            number, error = message.partition(), message.error()
            assert number is not None
            if error is None:
                rows[number].append((message.key(), message.value()))
            else:
                assert error.code() == KafkaError._PARTITION_EOF, error
                left.discard(number)
    consumer.close()
    return rows


def _numbers(consumer: Consumer, topic: str) -> list[int]:
    return list(consumer.list_topics(topic, 10).topics[topic].partitions)


def _held(path: Path) -> dict[bytes, bytes]:
    state = PartitionState(path, cache=Cache(1_000_000))
    held = dict(state.items())
    state.close()
    return held


def _faust(site: Site, worker: str, environment: dict[str, str], output: IO[bytes]) -> "subprocess.Popen[bytes]":
    root = _HERE.parents[1]
    command = [sys.executable, "-m", "faust", "-A", site.module, "worker", *site.options, "-l", "warn"]
    own = {
        "ENGINE_KAFKA": site.kafka,
        "ENGINE_NAME": site.name,
        "ENGINE_WORKER": worker,
        "ENGINE_DATA": str(site.data),
        "PYTHONPATH": str(root),
    }
    return subprocess.Popen(
        command, env={**os.environ, **own, **site.environment, **environment}, stdout=output, stderr=output
    )
