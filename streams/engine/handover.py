"""Hands batches to the agents, one of a partition number at a time, and deals with what becomes of them."""

import asyncio
import time
import traceback
from collections.abc import Callable
from typing import Any

import structlog

from streams.engine import metrics
from streams.engine.assignment import Assignment
from streams.engine.batch import Batch, Stage
from streams.engine.batch_size import BatchSize
from streams.engine.errors import OutputError
from streams.engine.partitions import Partition, Piece
from streams.engine.records import Record
from streams.engine.retries import after_failure, backoff
from streams.engine.rounds import Rounds
from streams.engine.settings import EngineSettings
from streams.engine.watchdog import Watchdog

_log = structlog.get_logger(__name__)
#: Given a record that cannot be processed, its error and an open batch: sends and puts what shall stand in its place.
PoisonHandler = Callable[[Record, BaseException, Batch], None]
_TICK_SECONDS = 1.0


class Handover:
    """The batches' owner. Everything here runs on the event loop."""

    def __init__(self, settings: EngineSettings, channel: Any, watchdog: Watchdog) -> None:
        self._settings = settings
        self._channel = channel
        self._watchdog = watchdog
        self.rounds = Rounds(settings, watchdog, on_committed=self._committed, on_refused=self.fail)
        self.on_poison: PoisonHandler | None = None
        self._assignment: Assignment | None = None
        self._is_draining = False
        self._wake = asyncio.Event()
        self._handed_out: dict[Batch, float] = {}
        self._size = BatchSize(most_records=settings.batch_size, most_outputs=settings.batch_outputs)

    def take(self, assignment: Assignment) -> None:
        """From now on hand out what these partitions queue."""
        self._assignment = assignment
        self._is_draining = False
        self.wake()

    def wake(self) -> None:
        """There may be something to hand out. On the loop; other threads use ``call_soon_threadsafe``."""
        self._wake.set()

    async def drain(self, seconds: float) -> bool:
        """Hand out nothing more and wait for the batches that have started. False when the time was too short."""
        self._is_draining = True
        deadline = time.monotonic() + seconds
        while any(self._is_started(partition) for partition in self._partitions()):
            left = deadline - time.monotonic()
            if left <= 0:
                return False
            await self._woken(min(left, 0.2))
        return True

    def let_go(self) -> None:
        """The assignment has ended: forget its batches."""
        self.rounds.drop_stale()
        for partition in self._partitions():
            self._watchdog.rest(_part(partition))
        self._assignment = None
        self._handed_out.clear()

    async def run(self) -> None:
        """Hand out until cancelled."""
        while True:
            self._watchdog.report("event loop")
            await self._hand_out()
            self._recall_dropped()
            await self._woken(self._pause())

    # --- as BatchOwner

    def enter(self, batch: Batch) -> bool:
        """See BatchOwner. False for a batch that is stale, was recalled, or comes while all is being drained."""
        self._handed_out.pop(batch, None)
        if batch.home.in_flight is not batch:
            return False
        if not batch.counts or self._is_draining:
            self._return_unused(batch)
            return False
        batch.stage = Stage.STARTED
        self._watchdog.report(_part(batch.home))
        return True

    def progress(self, batch: Batch) -> None:
        """See BatchOwner."""
        if batch.stage is Stage.STARTED:
            self._watchdog.report(_part(batch.home))

    async def commit(self, batch: Batch) -> None:
        """See BatchOwner."""
        batch.stage = Stage.LEFT
        self._watchdog.rest(_part(batch.home))
        await asyncio.shield(self.rounds.join(batch))

    def fail(self, batch: Batch, error: BaseException) -> None:
        """See BatchOwner; also for a batch whose outputs Kafka refuses."""
        batch.close()
        home, piece = batch.home, batch.piece
        self._watchdog.rest(_part(home))
        home.in_flight = None
        self.wake()
        if not batch.counts:
            return
        if piece.poison is not None:
            outages = piece.outages + 1
            piece.outages = outages
            home.give_back([piece], delay=backoff(outages, self._settings))
        else:
            pieces, delay = after_failure(piece, error, self._settings)
            home.give_back(pieces, delay=delay)
        metrics.BATCHES_RETRIED.labels(self._settings.group, _reason(error)).inc()
        _log_failure(batch, error)

    # --- inside

    async def _hand_out(self) -> None:
        assignment = self._assignment
        for partition in self._partitions():
            # Giving lets others run: the partitions may be on their way to another worker by now.
            if self._is_draining or assignment is None or assignment is not self._assignment:
                return
            if len(self._busy()) >= self._settings.concurrency:
                return
            # A channel without a reader drops what it is given.
            if not self._channel.subscriber_count:
                return
            piece = partition.next_piece(records=self._size.records, size=self._settings.batch_bytes)
            if piece is not None:
                await self._give(piece, partition, assignment)

    async def _give(self, piece: Piece, partition: Partition, assignment: Assignment) -> None:
        batch = Batch(piece, home=partition, assignment=assignment, owner=self)
        partition.in_flight = batch
        if piece.poison is not None:
            self._answer_poison(batch, piece.poison)
            return
        self._handed_out[batch] = time.monotonic()
        await self._channel.send(value=batch)

    def _answer_poison(self, batch: Batch, error: BaseException) -> None:
        batch.stage = Stage.STARTED
        record = batch.piece.records[0]
        try:
            if self.on_poison is None:
                raise error
            self.on_poison(record, error, batch)
        except Exception as failure:
            self.fail(batch, failure)
            return
        batch.stage = Stage.LEFT
        metrics.POISON.labels(self._settings.group).inc()
        self.rounds.join(batch)

    def _committed(self, batch: Batch) -> None:
        batch.home.committed[batch.topic] = batch.next_offset
        self._size.learn(len(batch.piece.records), len(batch.outbox) + len(batch.state.changes))
        if batch.home.in_flight is batch:
            batch.home.in_flight = None
        self.wake()

    def _recall_dropped(self) -> None:
        """An agent that raises between getting a batch and entering it drops it: hand the records out again."""
        limit = time.monotonic() - self._settings.handover_seconds
        for batch in [batch for batch, since in self._handed_out.items() if since < limit]:
            _log.warning("a batch was not entered in time: handing it out again", partition=batch.partition)
            del self._handed_out[batch]
            self._return_unused(batch)

    def _return_unused(self, batch: Batch) -> None:
        batch.discard()
        batch.home.in_flight = None
        batch.home.give_back([batch.piece], delay=0.0)
        self.wake()

    def _partitions(self) -> list[Partition]:
        return list(self._assignment.partitions.values()) if self._assignment is not None else []

    def _busy(self) -> list[Partition]:
        return [partition for partition in self._partitions() if partition.in_flight is not None]

    def _is_started(self, partition: Partition) -> bool:
        batch = partition.in_flight
        return batch is not None and batch.stage in (Stage.STARTED, Stage.LEFT) and batch.counts

    def _pause(self) -> float:
        """Seconds until something may be due without a wake: a back-off that ends, else a tick."""
        now = time.monotonic()
        ends = [partition.not_before - now for partition in self._partitions() if partition.not_before > now]
        return min([_TICK_SECONDS, *ends])

    async def _woken(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._wake.wait()
        except TimeoutError:
            return
        self._wake.clear()


def _part(partition: Partition) -> str:
    return f"the batch of partition {partition.number}"


def _reason(error: BaseException) -> str:
    return "outputs" if isinstance(error, OutputError) else type(error).__name__


def _log_failure(batch: Batch, error: BaseException) -> None:
    _log.warning(
        "a batch failed: the same records come again",
        topic=batch.topic,
        partition=batch.partition,
        first=batch.piece.records[0].offset,
        last=batch.piece.records[-1].offset,
        attempt=batch.attempt,
        # The message may hold a personal value; type and place do not.
        error=type(error).__name__,
        at=[f"{frame.name}:{frame.lineno}" for frame in traceback.extract_tb(error.__traceback__)][-3:],
    )
