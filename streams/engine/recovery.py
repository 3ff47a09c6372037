"""Brings the state of newly assigned partitions up to their changelog, on a thread and a consumer of its own."""

import logging
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import structlog
from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition
from rocksdict import Cache

from streams.engine import metrics
from streams.engine.assignment import Assignment
from streams.engine.checkpoint import Checkpoint
from streams.engine.cluster import Cluster
from streams.engine.errors import AbandonedError, StateError
from streams.engine.fail_stop import fail_stop
from streams.engine.group_offsets import next_offsets
from streams.engine.settings import EngineSettings
from streams.engine.sources import usable_sources
from streams.engine.state import PartitionState
from streams.engine.watchdog import Watchdog

_log = structlog.get_logger(__name__)
_kafka_log = logging.getLogger("streams.engine.kafka")
_PART = "recovery"
_CHUNK = 5_000
#: From so many changelog offsets on it pays to write them without a log of their own.
_MANY = 20_000
_TELL_SECONDS = 5.0


@dataclass(slots=True)
class _Restore:
    """One partition on its way."""

    number: int
    state: PartitionState
    topic_id: str
    #: Next changelog offset to apply, and the end as it was after the committed offsets were known.
    position: int
    end: int
    has_many: bool = False


@dataclass(slots=True, frozen=True)
class Recovered:
    """A partition that is ready: its state and where to go on in each source topic."""

    number: int
    state: PartitionState
    changelog_id: str
    offsets: dict[str, int]


@dataclass(slots=True)
class Recovery:
    """One assignment's recovery. ``on_ready`` is called on the recovery's thread for each partition as it is done."""

    assignment: Assignment
    settings: EngineSettings
    cluster: Cluster
    cache: Cache
    watchdog: Watchdog
    on_ready: Callable[[Recovered], None]
    restored: int = 0
    _states: dict[int, PartitionState] = field(default_factory=dict)
    _thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin; returns at once."""
        self._thread = threading.Thread(target=self._run, name="engine-recovery", daemon=True)
        self._thread.start()

    def join(self) -> None:
        """Wait until it is done, or has noticed that the assignment ended. Blocking."""
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        try:
            self._recover()
        except AbandonedError:
            _log.info("recovery ended early: its partitions were taken away", restored=self.restored)
        except BaseException as error:
            fail_stop("the state could not be recovered", error=str(error), kind=type(error).__name__)
        finally:
            for state in self._states.values():
                state.close()
            metrics.RESTORE_REMAINING.labels(self.settings.group).set(0)
            self.watchdog.rest(_PART)

    def _recover(self) -> None:
        began = time.monotonic()
        reader = Consumer(self.settings.recovery_config(), logger=_kafka_log)
        try:
            while not (plan := self._plan(reader)):
                self._proceed()
            restores, offsets = plan
            for restore in self._read(reader, restores):
                self._finish(restore, offsets)
        finally:
            reader.close()
        seconds = time.monotonic() - began
        metrics.RESTORE_SECONDS.labels(self.settings.group).set(seconds)
        _log.info("recovery is done", partitions=len(restores), restored=self.restored, seconds=round(seconds, 2))

    def _plan(self, reader: Consumer) -> tuple[list[_Restore], dict[tuple[str, int], int]] | None:
        """What to read; None when the broker did not answer."""
        try:
            topics = self._sources()
            places = [(topic, number) for topic in topics for number in self.assignment.partitions]
            # The order matters. First the committed offsets, which wait for open transactions of earlier owners; then
            # the end of the changelog, which holds at least all that belongs to those offsets.
            offsets = next_offsets(reader, self.cluster, places, proceed=self._proceed)
            return self._restores(), offsets
        except KafkaException as error:
            _log.warning("recovery waits for the broker", error=str(error))
            time.sleep(0.5)
            return None

    def _sources(self) -> list[str]:
        """The source topics that can be read: those that exist with the anchor's number of partitions."""
        shapes = self.cluster.describe([self.settings.anchor, self.settings.changelog, *self.assignment.topics])
        usable = usable_sources(self.assignment.topics, shapes, settings=self.settings)
        self.assignment.topics = usable
        return usable

    def _restores(self) -> list[_Restore]:
        changelog = self.settings.changelog
        places = [(changelog, number) for number in self.assignment.partitions]
        topic_id = self.cluster.describe([changelog])[changelog].topic_id
        lows, ends = self.cluster.first_offsets(places), self.cluster.end_offsets(places)
        restores = []
        for number in self.assignment.partitions:
            self._proceed()
            low, end = lows[changelog, number], ends[changelog, number]
            state = self._open(number)
            start = self._start(state, topic_id=topic_id, low=low, end=end)
            restores.append(_Restore(number, state, topic_id, start, end, has_many=end - start >= _MANY))
        return restores

    def _open(self, number: int) -> PartitionState:
        if number not in self._states:
            path = Path(self.settings.data_dir) / f"partition-{number}"
            memtable_bytes = self.settings.memtable_bytes
            self._states[number] = PartitionState(path, cache=self.cache, memtable_bytes=memtable_bytes)
        return self._states[number]

    def _start(self, state: PartitionState, *, topic_id: str, low: int, end: int) -> int:
        """Where to start reading: at the checkpoint if it still means something, else, after a wipe, at the start."""
        try:
            checkpoint = state.checkpoint()
        except StateError:
            checkpoint = Checkpoint("", 0)
        if checkpoint is None:
            return low
        max_age = self.settings.checkpoint_max_age_seconds
        if checkpoint.is_usable(topic_id=topic_id, low=low, high=end, max_age=max_age):
            return checkpoint.next_offset
        _log.warning("a local state does not belong to the changelog any more: it is built anew")
        metrics.STATE_REBUILT.labels(self.settings.group).inc()
        state.wipe()
        return low

    def _read(self, reader: Consumer, restores: list[_Restore]) -> Iterable[_Restore]:
        """Yields each partition as it reaches its end."""
        yield from (restore for restore in restores if restore.position >= restore.end)
        open_ = {restore.number: restore for restore in restores if restore.position < restore.end}
        if not open_:
            return
        changelog = self.settings.changelog
        # A topic whose leaders are not known yet is looked for once a second.
        with suppress(KafkaException):
            reader.list_topics(changelog, timeout=1.0)
        reader.assign([TopicPartition(changelog, number, restore.position) for number, restore in open_.items()])
        told = time.monotonic()
        while open_:
            self._proceed()
            for restore in self._apply(_poll(reader), open_):
                del open_[restore.number]
                yield restore
            remaining = sum(restore.end - restore.position for restore in open_.values())
            metrics.RESTORE_REMAINING.labels(self.settings.group).set(remaining)
            if time.monotonic() - told > _TELL_SECONDS:
                told = time.monotonic()
                _log.info("recovery goes on", partitions=len(open_), restored=self.restored, remaining=remaining)

    def _apply(self, messages: list[Message], open_: dict[int, _Restore]) -> list[_Restore]:
        """Write what was read; returns the partitions that are now complete."""
        changes: dict[int, dict[bytes, bytes | None]] = {}
        reached: set[int] = set()
        for message in messages:
            number, offset, error = message.partition(), message.offset(), message.error()
            if number not in open_ or offset is None:
                continue
            if error is None:
                changes.setdefault(number, {})[_key(message)] = _value(message)
                open_[number].position = offset + 1
                self.restored += 1
            elif error.code() == KafkaError._PARTITION_EOF:
                # Read committed: the end that Kafka speaks of is the last stable offset. An open transaction before
                # the end that we noted is waited for.
                open_[number].position = max(open_[number].position, offset)
            else:
                _log.warning("reading the changelog: trying again", error=str(error))
            reached.add(number)
        for number in reached:
            restore = open_[number]
            write = restore.state.restore if restore.has_many else restore.state.apply
            write(changes.get(number, {}), Checkpoint(restore.topic_id, restore.position))
        metrics.RESTORED.labels(self.settings.group).inc(sum(map(len, changes.values())))
        return [open_[number] for number in reached if open_[number].position >= open_[number].end]

    def _finish(self, restore: _Restore, offsets: dict[tuple[str, int], int]) -> None:
        number = restore.number
        if restore.has_many:
            restore.state.flush()
        restore.state.apply({}, Checkpoint(restore.topic_id, restore.position))
        own = {topic: offset for (topic, partition), offset in offsets.items() if partition == number}
        del self._states[number]  # whoever gets it now closes it
        self.on_ready(Recovered(number, restore.state, restore.topic_id, own))

    def _proceed(self) -> None:
        self.watchdog.report(_PART)
        if not self.assignment.is_current:
            raise AbandonedError("recovering partitions: they were taken away")


def _poll(reader: Consumer) -> list[Message]:
    first = reader.poll(0.1)
    return [] if first is None else [first, *reader.consume(_CHUNK - 1, 0)]


def _key(message: Message) -> bytes:
    key = message.key()
    return key if isinstance(key, bytes) else str(key or "").encode()


def _value(message: Message) -> bytes | None:
    value = message.value()
    return value.encode() if isinstance(value, str) else value
