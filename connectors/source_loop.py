"""The loop of one source: read, hand over, confirm what Kafka has acknowledged; open again after trouble."""

import random
import time
from threading import Event
from typing import Final

import structlog
from confluent_kafka import KafkaError, KafkaException, Producer

from connectors import metrics
from connectors.acknowledgements import Acknowledgements, Batch
from connectors.contract import Source
from connectors.errors import ConnectorsError, SourceUnavailable
from connectors.manifest_watch import ManifestWatch, Verdict
from connectors.memory_topic import MemoryUnavailable, TopicMemory
from connectors.pauses import LOOK_SECONDS, Pauses
from connectors.resync_requests import NOTHING
from connectors.source_records import SourceRecords
from connectors.values import Changes
from schemas.kafka_advice import advice
from schemas.manifest import Manifest
from schemas.records import Phase
from schemas.registry import RegistryUnavailable
from schemas.topics import raw

_log = structlog.get_logger(__name__)

#: Records and bytes handed over and not acknowledged, above which nothing more is read.
_RECORDS_IN_FLIGHT: Final = 20_000
_BYTES_IN_FLIGHT: Final = 64_000_000
_BEAT_SECONDS: Final = 5.0
_IDLE_SECONDS: Final = 0.25
_BUSY_SECONDS: Final = 0.02
#: Changes are confirmed together for so long, or until they are so many: each confirmation costs Kafka a record.
_TOGETHER_SECONDS: Final = 0.1
_TOGETHER_RECORDS: Final = 1_000
_LONGEST_WAIT_SECONDS: Final = 30.0
#: After this time of reading, trouble is new trouble.
_CALM_SECONDS: Final = 60.0
_FLUSH_SECONDS: Final = 2.0
_ANSWER_SECONDS: Final = 10.0


class HandoverFailed(ConnectorsError):  # noqa: N818 - reads as what happened
    """Kafka refused a record for good: start the process again, it goes on at the confirmed position."""


class SourceLoop:
    """Runs one source until `stopping` is set. Raises Fenced, HandoverFailed, and what is a fault of the set-up."""

    def __init__(  # noqa: PLR0913 - made in one place
        self,
        *,
        source: Source,
        memory: TopicMemory,
        records: SourceRecords,
        producer: Producer,
        manifest: Manifest,
        stopping: Event,
        watch: ManifestWatch | None = None,
        pauses: Pauses | None = None,
    ) -> None:
        self._source = source
        self._memory = memory
        self._records = records
        self._producer = producer
        self._manifest = manifest
        self._stopping = stopping
        self._watch = watch
        self._pauses = pauses
        #: Why it stopped by itself: its manifest is another one, or gone.
        self.verdict = Verdict.SAME
        self._waiting = Acknowledgements()
        #: What was handed over since the last batch was closed.
        self._open: Batch | None = None
        self._fresh = metrics.FRESH.labels("source", manifest.system)
        self._next_beat = 0.0
        self._troubles = 0

    def run(self) -> None:
        """Returns after `stopping` was set, with all confirmed that Kafka acknowledged in time."""
        up = metrics.UP.labels("source", self._manifest.system)
        metrics.begin_source(self._manifest.system, self._manifest.publishes)
        metrics.CADENCE.labels("source", self._manifest.system).set(self._manifest.cadence_seconds)
        self._fresh.set_to_current_time()
        while not self._stopping.is_set():
            try:
                self._rest_while_paused()
                self._read_on()
            except (SourceUnavailable, MemoryUnavailable, RegistryUnavailable) as error:
                up.set(0)
                self._source.close()
                self._wait_after(error)
        up.set(0)
        self._end()

    def _paused(self) -> str:
        return self._pauses.why() if self._pauses else ""

    def _rest_while_paused(self) -> None:
        """With the system let go of: it may be taken down meanwhile. What it does until then, it keeps for us."""
        paused = metrics.PAUSED.labels("source", self._manifest.system)
        while (why := self._paused()) and not self._stopping.is_set():
            paused.set(1)
            last = self._memory.last
            if last is None or (last["phase"], last["message"]) != ("paused", why):
                _log.warning("resting: paused", system=self._manifest.system)
                self._say("paused", why)
            self._stopping.wait(LOOK_SECONDS)
            self._producer.poll(0)
            self._beat_when_due()
        paused.set(0)

    def _read_on(self) -> None:
        """Until stopping, or paused: then all that was read is confirmed, and the source closed."""
        self._records.begin(self._partitions())
        # What was handed over by an earlier opening comes again from the source: its tokens mean nothing now.
        self._waiting, self._open = Acknowledgements(), None
        self._source.open(self._memory)
        metrics.UP.labels("source", self._manifest.system).set(1)
        opened = time.monotonic()
        while not self._stopping.is_set() and not self._paused():
            self._step()
            if self._troubles and time.monotonic() - opened > _CALM_SECONDS:
                self._troubles = 0
        self._close_batch()
        while not self._stopping.is_set() and self._waiting.records:
            self._producer.poll(_BUSY_SECONDS)
            self._settle()
            self._beat_when_due()
        if not self._stopping.is_set():
            self._settle()
            self._source.close()
            metrics.UP.labels("source", self._manifest.system).set(0)

    def _step(self) -> None:
        self._producer.poll(0)
        self._settle()
        self._beat_when_due()
        in_flight = self._waiting.records
        if in_flight > _RECORDS_IN_FLIGHT or self._waiting.size > _BYTES_IN_FLIGHT:
            self._producer.poll(_BUSY_SECONDS)
            return
        changes = self._source.read(_BUSY_SECONDS if in_flight or self._open else _IDLE_SECONDS)
        if changes is not None:
            self._hand_over(changes)
        if self._open is not None:
            self._close_batch_when_due(self._open)
        elif changes is None and not in_flight:
            self._fresh.set_to_current_time()

    def _hand_over(self, changes: Changes) -> None:
        self._open = self._open or self._records.open_batch()
        try:
            self._records.send(changes, self._open)
        except KafkaException as error:
            raise self._failed(error.args[0]) from None

    def _close_batch_when_due(self, batch: Batch) -> None:
        if batch.left >= _TOGETHER_RECORDS or time.monotonic() - batch.began >= _TOGETHER_SECONDS:
            self._close_batch()

    def _close_batch(self) -> None:
        batch, self._open = self._open, None
        if batch is None:
            return
        try:
            self._records.close(batch)
        except KafkaException as error:
            raise self._failed(error.args[0]) from None
        self._waiting.add(batch)

    def _settle(self) -> None:
        token = self._waiting.settled()
        if token is not None:
            self._source.confirm(token)
            if self._waiting.newest:
                self._fresh.set(self._waiting.newest / 1e6)
        failure = self._waiting.failure
        if failure is not None:
            raise self._failed(failure)

    def _failed(self, error: KafkaError) -> HandoverFailed:
        return HandoverFailed(
            f"handing changes of {self._manifest.system} to Kafka: {error.str()}; "
            + advice(error, "what was not confirmed is read again after the next start")
        )

    def _partitions(self) -> dict[str, int]:
        topics = [raw(self._manifest.system, entity) for entity in self._manifest.publishes]
        return {topic: self._count_partitions(topic) for topic in topics}

    def _count_partitions(self, topic: str) -> int:
        try:
            found = self._producer.list_topics(topic, timeout=_ANSWER_SECONDS).topics[topic]
        except KafkaException as error:
            raise MemoryUnavailable(
                f"looking for topic {topic}: {error.args[0].str()}; {advice(error.args[0])}"
            ) from None
        if found.error is not None or not found.partitions:
            told = advice(found.error, "run `lienthong apply`") if found.error else "run `lienthong apply`"
            raise MemoryUnavailable(f"looking for topic {topic}: it is not there for us; {told}")
        return len(found.partitions)

    def _beat_when_due(self) -> None:
        self._look_at_manifest()
        now = time.monotonic()
        if now < self._next_beat:
            return
        self._next_beat = now + _BEAT_SECONDS
        self._measure()
        metrics.UNACKNOWLEDGED.labels(self._manifest.system).set(self._waiting.records)
        try:
            self._memory.beat()
        except MemoryUnavailable as error:
            _log.warning("the state could not be kept", system=self._manifest.system, problem=str(error))

    def _measure(self) -> None:
        system, last = self._manifest.system, self._memory.last
        if last is None:
            return
        metrics.EPOCH.labels(system).set(last["epoch"])
        resync = last["resync"] or NOTHING
        metrics.RESYNC_TABLES.labels(system).set(resync["left"])
        metrics.RESYNC_ROWS.labels(system).set(resync["rows"])
        metrics.RESYNC_EXPECTED.labels(system).set(resync["expected"])

    def _look_at_manifest(self) -> None:
        if self._watch is None or self._stopping.is_set():
            return
        self.verdict = self._watch.look()
        if self.verdict is not Verdict.SAME:
            _log.warning("stopping: the manifest is another one", now=self.verdict.value, revision=self._watch.revision)
            self._stopping.set()

    def _wait_after(self, error: Exception) -> None:
        metrics.RETRIES.labels("source", self._manifest.system).inc()
        self._troubles += 1
        seconds = min(_LONGEST_WAIT_SECONDS, 0.25 * 2 ** min(self._troubles, 10)) * random.uniform(0.7, 1.0)  # noqa: S311
        _log.warning("trying again", system=self._manifest.system, problem=str(error), seconds=round(seconds, 1))
        self._say("retrying", str(error))
        until = time.monotonic() + seconds
        while not self._stopping.wait(min(_BEAT_SECONDS, max(0.0, until - time.monotonic()))):
            if time.monotonic() >= until or self._paused():
                return
            self._producer.poll(0)
            self._beat_when_due()

    def _say(self, phase: Phase, message: str) -> None:
        try:
            self._memory.say(phase, message)
        except MemoryUnavailable as error:
            _log.warning("the state could not be kept", system=self._manifest.system, problem=str(error))

    def _end(self) -> None:
        """Stopping: a last chance for what is on its way; what comes too late is read again."""
        try:
            self._close_batch()
            self._producer.flush(_FLUSH_SECONDS)
            token = self._waiting.settled()
            if token is not None:
                self._source.confirm(token)
            self._memory.say("stopped")
        except (SourceUnavailable, MemoryUnavailable, RegistryUnavailable) as error:
            _log.warning("stopping", system=self._manifest.system, problem=str(error))
        self._source.close()
        for listening in (self._watch, self._pauses):
            if listening is not None:
                listening.close()
