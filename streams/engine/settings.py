"""Everything that can be set about one engine, and what follows from it for the Kafka clients."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from confluent_kafka import KafkaException

from streams.engine.errors import SettingsError


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineSettings:
    """One engine: one consumer group, one anchor topic, one changelog."""

    bootstrap: str
    group: str
    #: Stable name of this worker slot. Two live workers never share one: the later fences the earlier.
    worker: str
    #: Folder of the local state; may be lost, for it is rebuilt from the changelog. Two workers never share one.
    data_dir: Path
    #: The topic that the group subscribes to; who gets its partition n owns partition n of everything.
    anchor: str
    #: The compacted topic that holds the state; as many partitions as the anchor.
    changelog: str
    #: The source topics besides the anchor, each with as many partitions; asked again by ``Engine.refresh_topics``.
    topics: Callable[[], list[str]] = list

    #: The most records of a batch, and their bytes. What it costs to commit a batch falls upon each of them.
    batch_size: int = 2_000
    batch_bytes: int = 4_000_000
    #: The most records that a batch should lead to, as far as that can be foreseen.
    batch_outputs: int = 25_000
    #: Batches that agents hold at once; also the concurrency of an agent on the engine's channel.
    concurrency: int = 8
    #: Transactional producers that take turns, so that one begins while the other's markers are written.
    producers: int = 2
    #: Seconds from the beginning of one round to that of the next: as long as a round takes by now, and at most these.
    #: A transaction costs the broker as much as some hundred records, so what comes meanwhile goes together.
    round_interval: float = 0.025
    session_timeout_ms: int = 10_000
    #: The broker aborts a transaction that is open for longer; it also bounds what a dead worker holds up.
    transaction_timeout_ms: int = 10_000
    max_record_bytes: int = 1_000_000
    #: More settings for every Kafka client, as librdkafka spells them (security, for one).
    kafka: Mapping[str, Any] = field(default_factory=dict)

    #: Records a source partition may have queued before it is paused, and to which it must fall to be resumed.
    high_water: int = 6_000
    low_water: int = 3_000
    #: Bytes that the source topics of one partition number may have queued together; each has an equal share.
    high_water_bytes: int = 32_000_000

    #: Errors of a body that are retried without end: they say nothing about the data.
    infrastructure_errors: tuple[type[BaseException], ...] = (ConnectionError, TimeoutError, KafkaException)
    #: Attempts on any other error before a batch is halved, or a single record given to ``on_poison``.
    attempts: int = 3
    backoff_seconds: float = 0.1
    backoff_max_seconds: float = 5.0

    #: A batch that was handed out and not entered for so long was dropped by a crashed agent and is handed out again.
    handover_seconds: float = 5.0
    #: How long a part may be silent before the watchdog ends the process.
    silence_seconds: float = 60.0
    #: How long a stop waits for the batches that have started.
    stop_seconds: float = 3.0

    #: Memory of RocksDB's block cache, shared by all partitions of this engine.
    block_cache_bytes: int = 64 * 1024 * 1024
    #: Memory of one partition's write buffer in RocksDB; there are two of them while one is written out.
    memtable_bytes: int = 8 * 1024 * 1024
    #: Local state that was not owned for longer is built anew: tombstones may have left the changelog meanwhile.
    #: Keep it below the changelog's ``delete.retention.ms``.
    checkpoint_max_age_seconds: float = 12 * 3600

    def __post_init__(self) -> None:
        if self.low_water >= self.high_water:
            raise SettingsError(f"engine {self.group}: low_water must be below high_water; lower it")
        if min(self.batch_size, self.batch_outputs, self.concurrency, self.producers, self.attempts) < 1:
            raise SettingsError(f"engine {self.group}: sizes, concurrency, producers and attempts start at 1")

    @property
    def revoke_seconds(self) -> float:
        """How long a rebalance waits for the batches that have started: a part of the session timeout."""
        return self.session_timeout_ms / 1000 * 0.5

    def transactional_id(self, index: int) -> str:
        """Stable over restarts, so that a restarted worker aborts at once what its predecessor left open."""
        return f"{self.group}-{self.worker}-{index}"

    def consumer_config(self) -> dict[str, Any]:
        """For the one group consumer. Commits happen in transactions alone."""
        return self._reader_config() | {
            "partition.assignment.strategy": "range",
            "session.timeout.ms": self.session_timeout_ms,
            "heartbeat.interval.ms": max(100, self.session_timeout_ms // 5),
            # It is also how long a rebalance waits for a member that does not rejoin: 5 minutes by default. A frozen
            # thread is such a member, and after a crash the broker (seen with 4.1) may not notice that one is dead.
            "max.poll.interval.ms": self.session_timeout_ms * 3,
            # A partition that is taken in, or goes on after a pause, may wait as long for its first record.
            "fetch.wait.max.ms": 200,
            # Little: what is read waits in the queues of the source partitions.
            "queued.min.messages": 4_000,
            "queued.max.messages.kbytes": 8_192,
        }

    def recovery_config(self) -> dict[str, Any]:
        """For reading the group's offsets and the changelog; it never joins the group."""
        return self._reader_config() | {
            "enable.partition.eof": True,
            # Offsets are unstable for a moment after each commit; by default that would cost a second.
            "retry.backoff.ms": 10,
            "retry.backoff.max.ms": 100,
            "fetch.wait.max.ms": 20,
            "queued.min.messages": 50_000,
            "queued.max.messages.kbytes": 32_768,
        }

    def producer_config(self, index: int) -> dict[str, Any]:
        """For one transactional producer. The partitioner is Java's, so that a key has one home."""
        return {
            **self.client_config(),
            "transactional.id": self.transactional_id(index),
            "transaction.timeout.ms": self.transaction_timeout_ms,
            "partitioner": "murmur2_random",
            "compression.type": "lz4",
            "linger.ms": 1,
            "message.max.bytes": self.max_record_bytes,
            "queue.buffering.max.messages": 200_000,
            "queue.buffering.max.kbytes": 262_144,
            # With the default of 100 ms a transaction that meets its predecessor's markers waits that long.
            "retry.backoff.ms": 1,
            # A topic that is missing fails its batch soon, so that the others of the round can go on.
            "topic.metadata.propagation.max.ms": 3_000,
        }

    def client_config(self) -> dict[str, Any]:
        """What all clients share."""
        return {"bootstrap.servers": self.bootstrap, **self.kafka}

    def _reader_config(self) -> dict[str, Any]:
        return {
            **self.client_config(),
            "group.id": self.group,
            "enable.auto.commit": False,
            "enable.auto.offset.store": False,
            # Every offset is given explicitly; one that has left the log is looked at, not jumped over.
            "auto.offset.reset": "error",
            "isolation.level": "read_committed",
            # A partition whose queue was full is fetched again after a second by default, however soon it is empty.
            "fetch.queue.backoff.ms": 20,
        }
