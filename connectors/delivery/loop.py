"""Feeds one stream to a sink until told to stop: read, translate, write, report. One thread runs a loop."""

import time
import traceback

import structlog
from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from connectors.contract import Sink
from connectors.delivery.batch import Batch, Failure, Translator
from connectors.delivery.control import Control, Status
from connectors.delivery.reader import OutOfRange, Reader, find_streams
from connectors.delivery.reports import Reports
from connectors.delivery.trouble import Backoff, KafkaTrouble
from connectors.delivery.unreported import Reported
from connectors.errors import ConnectorsError, Fenced
from connectors.metrics import DELIVERED, DELIVERY_SECONDS, FILTERED, LAG, RETRIES, begin_sink
from connectors.values import Rejected, Stream
from schemas.dead_letters import Reason
from schemas.errors import SchemasError
from schemas.metrics import DEAD_LETTERS, observe_all

MOST_DELIVERIES = 2000
_READ_SECONDS = 0.2
_LOOK_SECONDS = 10.0
_CATCH_UP_SECONDS = 30.0
#: How long a target that was restored from a copy may lack rows unnoticed while nothing is delivered.
_PROVE_SECONDS = 15.0

_log = structlog.get_logger(__name__)


class DeliveryLoop:
    """Owns its sink and reader. `status` may be read from any thread."""

    def __init__(  # noqa: PLR0913 - what a stream needs, made where everything is wired
        self,
        stream: Stream,
        *,
        sink: Sink,
        reader: Reader,
        translator: Translator,
        reports: Reports,
        reported: Reported,
        admin: AdminClient,
        control: Control,
    ) -> None:
        # It begins by repeating what was said last: the word of a process that dies at once must not hide it.
        self.status = Status(position=reported.up_to(stream, unheard=-1))
        self.name = stream.entity if stream.partition == 0 else f"{stream.entity}/{stream.partition}"
        self._entity = stream.entity
        self._stream = stream
        self._sink = sink
        self._reader = reader
        self._translator = translator
        self._reports = reports
        #: What an earlier process had reported; None once the rest has been, too.
        self._reported: Reported | None = reported
        self._admin = admin
        self._control = control
        self._backoff = Backoff()
        #: Where the reader goes on; None: it must be started.
        self._reading: tuple[Stream, int] | None = None
        #: The batch whose outcome is open, and what the target refused of it when it was last tried.
        self._pending: Batch | None = None
        self._rejected: dict[int, Failure] = {}
        self._look_at = 0.0
        self._prove_at = 0.0
        self._labels = (reports.reporter.system, stream.entity)
        begin_sink(*self._labels)

    def run(self) -> None:
        """Until told to stop. Whatever happens to this stream, the others go on; only Fenced stops all."""
        while not self._control.stop.is_set():
            try:
                self._deliver()
            except Fenced as error:
                self._control.fenced = str(error)
                self._control.stop_all()
            except (ConnectorsError, SchemasError) as error:
                self._wait_after(str(error))
            except KafkaException as error:
                self._wait_after(f"speaking to Kafka: {error.args[0].str()}; see that it runs")
            except Exception as error:
                # The message may hold a value of the record.
                _log.error("unexpected", error=type(error).__name__, at=traceback.format_tb(error.__traceback__))
                self._wait_after(f"an unexpected {type(error).__name__}; see the log, and report it")
        self._reader.close()
        self._sink.close()

    def _deliver(self) -> None:
        """Until told to stop, or paused: between two batches, and with the target let go of."""
        if self._control.paused:
            self._rest()
            return
        self._open()
        while not self._control.stop.is_set() and not self._control.paused:
            batch = self._pending or self._read()
            if batch is not None:
                self._write(batch)
            elif time.monotonic() > self._prove_at:
                # A write would find out that the target is no longer where it was; without one nobody asks.
                self._open()
            self._went_well()

    def _rest(self) -> None:
        self._sink.close()
        self._reading = None
        _log.warning("resting: paused", topic=self._stream.topic)
        while self._control.paused and not self._control.stop.wait(_READ_SECONDS):
            if (self.status.phase, self.status.message) != ("paused", self._control.paused):
                self.status.phase, self.status.message = "paused", self._control.paused
                self._control.changed.set()
        self.status.phase, self.status.message = "starting", ""
        self._backoff.reset()

    def _open(self) -> None:
        self._prove_at = time.monotonic() + _PROVE_SECONDS
        stream = self._stream = self._find()
        position = self._sink.open([stream])[stream]
        pending = self._pending
        if pending is not None and pending.stream == stream and position == pending.next_offset:
            self._settle(pending)
        elif pending is not None and (pending.stream, pending.expected) != (stream, position):
            self._pending = None
        if self._reported is not None:
            self._report_what_was_left(self._reported, stream, position)
            self._reported = None
        self.status.position = position
        # A batch that is tried again has been read already.
        goes_on = self._pending.next_offset if self._pending else position
        if self._reading != (stream, goes_on):
            self._reader.start(stream, goes_on)
            self._reading = (stream, goes_on)

    def _report_what_was_left(self, reported: Reported, stream: Stream, position: int) -> None:
        """An earlier process may have died between the target's commit and its report."""
        at = reported.up_to(stream, unheard=position)
        if at >= position:
            return
        self._reading = None
        self._reader.start(stream, at)
        until = time.monotonic() + _CATCH_UP_SECONDS
        while at < position and not self._reader.caught_up and time.monotonic() < until:
            try:
                messages = self._reader.read(MOST_DELIVERIES, _READ_SECONDS)
            except OutOfRange:
                return
            written = [message for message in messages if (message.offset() or 0) < position]
            if written:
                batch = self._translator.translate(stream, at, written)
                self._reports.delivered(batch, reported.rejected(batch))
            at = (messages[-1].offset() or 0) + 1 if messages else at

    def _find(self) -> Stream:
        """The stream as Kafka knows it now."""
        self._look_at = time.monotonic() + _LOOK_SECONDS
        for stream in find_streams(self._admin, self._reports.reporter.system, self._entity):
            if stream.partition == self._stream.partition:
                return stream
        raise KafkaTrouble(f"looking for partition {self._stream.partition} of {self._stream.topic}: it is gone")

    def _read(self) -> Batch | None:
        if time.monotonic() > self._look_at and self._find() != self._stream:
            raise KafkaTrouble(f"reading {self._stream.topic}: it was recreated; opening it again")
        reading, self._reading = self._reading, None
        try:
            messages = self._reader.read(MOST_DELIVERIES, _READ_SECONDS)
        except OutOfRange:
            self._start_over()
            return None
        if not messages:
            self._reading = reading
            return None
        batch = self._translator.translate(self._stream, self.status.position, messages)
        if not self._control.may_write(batch.revision):
            return None
        self._reading = (self._stream, batch.next_offset)
        self._pending = batch
        return batch

    def _start_over(self) -> None:
        """The topic no longer holds what comes next: it was recreated, or shortened."""
        if self._find() != self._stream:
            raise KafkaTrouble(f"reading {self._stream.topic}: it was recreated; opening it again")
        _log.warning(
            "the delivery topic does not hold the offset that comes next: going on with the first that it holds",
            topic=self._stream.topic,
            offset=self.status.position,
        )
        self._reader.start(self._stream, None)
        self._reading = (self._stream, self.status.position)

    def _write(self, batch: Batch) -> None:
        self._rejected = {}
        self._reports.bury(batch, batch.failures)

        def reject(refused: Rejected) -> None:
            reason = Reason(refused.reason, refused.message, refused.column)
            failure = Failure(batch.records[refused.place], reason)
            self._reports.bury(batch, [failure])
            self._rejected[refused.place] = failure

        self._sink.write(batch.writes, reject)
        self._settle(batch)

    def _settle(self, batch: Batch) -> None:
        """The target has committed the batch."""
        self._pending = None
        self._reports.delivered(batch, self._rejected)
        # Only what has been reported is told in the last word.
        self.status.position = batch.next_offset
        self._count(batch)

    def _count(self, batch: Batch) -> None:
        now = time.time()
        took: dict[str, list[float]] = {}
        for place, record in enumerate(batch.records):
            if place not in self._rejected:
                source = record.event_id.partition("/")[0]
                took.setdefault(source, []).append(max(0.0, now - record.source_time / 1e6))
        for source, waits in took.items():
            observe_all(DELIVERY_SECONDS.labels(source, *self._labels), waits)
        newest = max((record.source_time for record in batch.records), default=0) / 1e6
        self.status.fresh = max(self.status.fresh, min(now, newest))
        DELIVERED.labels(*self._labels).inc(len(batch.records) - len(self._rejected))
        FILTERED.labels(*self._labels).inc(len(batch.filtered))
        for failure in (*batch.failures, *self._rejected.values()):
            DEAD_LETTERS.labels(*self._labels, "sink", failure.reason.code).inc()

    def _went_well(self) -> None:
        self.status.lag = self._reader.lag(self.status.position)
        LAG.labels(*self._labels).set(self.status.lag)
        if not self.status.lag:
            self.status.fresh = time.time()
        if self.status.phase != "streaming":
            _log.info("delivering", topic=self._stream.topic, offset=self.status.position)
            self.status.phase, self.status.message = "streaming", ""
            self._control.changed.set()
            self._backoff.reset()

    def _wait_after(self, message: str) -> None:
        RETRIES.labels("sink", self._labels[0]).inc()
        if message != self.status.message:
            _log.warning("waiting to deliver", topic=self._stream.topic, trouble=message)
            self.status.phase, self.status.message = "retrying", message
            self._control.changed.set()
        until = time.monotonic() + self._backoff.next_delay()
        while (left := until - time.monotonic()) > 0 and not self._control.paused:
            if self._control.stop.wait(min(left, _READ_SECONDS)):
                return
