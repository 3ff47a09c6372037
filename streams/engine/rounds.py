"""Which finished batches are committed together, by which producer, and what follows when that fails."""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import structlog

from streams.engine import metrics
from streams.engine.batch import Batch
from streams.engine.errors import AbandonedError, OutputError
from streams.engine.fail_stop import fail_stop
from streams.engine.producer import AbortedError, Refusal, Round, RoundProducer
from streams.engine.retries import backoff
from streams.engine.settings import EngineSettings
from streams.engine.watchdog import Watchdog

_log = structlog.get_logger(__name__)


@dataclass(slots=True, eq=False)
class _Entry:
    """A batch that waits for its commit."""

    batch: Batch
    done: "asyncio.Future[None]"
    outages: int = 0
    #: Committed by itself, after a round that failed for an unknown reason.
    is_alone: bool = False


class Rounds:
    """Lives on the event loop; each transaction runs on a thread. Whatever waits while all producers are busy goes
    together into the next round, so rounds grow with the load."""

    def __init__(
        self,
        settings: EngineSettings,
        watchdog: Watchdog,
        *,
        on_committed: Callable[[Batch], None],
        on_refused: Callable[[Batch, OutputError], None],
    ) -> None:
        """``on_refused``: what the batch sends is refused and would be again."""
        self._settings = settings
        self._watchdog = watchdog
        self._on_committed = on_committed
        self._on_refused = on_refused
        self._waiting: deque[_Entry] = deque()
        self._producers: list[RoundProducer] = []
        self._idle: deque[RoundProducer] = deque()
        self._running: set[asyncio.Task[None]] = set()
        self._is_scheduled = False
        #: Monotonic time before which no round begins.
        self._not_before = 0.0
        #: Seconds that a round takes by now: a mean, in which an eighth is the last one's.
        self._usual = settings.round_interval
        self._pool = ThreadPoolExecutor(settings.producers, thread_name_prefix="engine-round")

    async def start(self) -> None:
        """Make the producers and fence their predecessors. Waits for the broker."""
        loop = asyncio.get_running_loop()
        count = self._settings.producers
        self._producers = [RoundProducer(index, self._settings, self._watchdog) for index in range(count)]
        await asyncio.gather(*(loop.run_in_executor(self._pool, producer.start) for producer in self._producers))
        self._idle.extend(self._producers)

    def stop(self) -> None:
        """Begin nothing new, and let what runs end soon."""
        for producer in self._producers:
            producer.stop()
        self.drop_stale()
        self._pool.shutdown(wait=False, cancel_futures=True)

    def join(self, batch: Batch) -> "asyncio.Future[None]":
        """The batch goes into the next round; the result is there when it is committed or no longer waits for it."""
        entry = _Entry(batch, asyncio.get_running_loop().create_future())
        self._enqueue(entry)
        return entry.done

    def drop_stale(self) -> None:
        """Let go of batches whose partitions were taken away."""
        stale = [entry for entry in self._waiting if not entry.batch.counts]
        self._waiting = deque(entry for entry in self._waiting if entry.batch.counts)
        for entry in stale:
            self._release(entry)

    def _enqueue(self, entry: _Entry) -> None:
        self._waiting.append(entry)
        self._schedule()

    def _schedule(self) -> None:
        # At the earliest at the end of this turn of the loop: batches that are left in the same turn share a round.
        if not self._is_scheduled:
            self._is_scheduled = True
            asyncio.get_running_loop().call_later(max(0.0, self._not_before - time.monotonic()), self._begin)

    def _begin(self) -> None:
        self._is_scheduled = False
        self.drop_stale()
        if self._waiting and self._idle:
            self._not_before = time.monotonic() + min(self._usual, self._settings.round_interval)
        while self._waiting and self._idle:
            task = asyncio.ensure_future(self._run(self._idle.popleft(), self._next_entries()))
            self._running.add(task)
            task.add_done_callback(self._running.discard)

    def _next_entries(self) -> list[_Entry]:
        if self._waiting[0].is_alone:
            return [self._waiting.popleft()]
        together = [entry for entry in self._waiting if not entry.is_alone]
        self._waiting = deque(entry for entry in self._waiting if entry.is_alone)
        return together

    async def _run(self, producer: RoundProducer, entries: list[_Entry]) -> None:
        round_ = Round([entry.batch for entry in entries], is_diagnosis=entries[0].is_alone)
        began = time.perf_counter()
        try:
            await asyncio.get_running_loop().run_in_executor(self._pool, producer.commit, round_)
        except AbortedError as aborted:
            metrics.ROUNDS.labels(self._settings.group, "aborted").inc()
            self._aborted(entries, aborted)
        except AbandonedError:
            for entry in entries:
                self._release(entry)
        except asyncio.CancelledError:
            raise
        except BaseException as error:
            fail_stop("a round failed in a way that was not foreseen", error=repr(error))
        else:
            self._committed(entries, time.perf_counter() - began)
        self._idle.append(producer)
        if self._waiting:
            self._schedule()

    def _committed(self, entries: list[_Entry], seconds: float) -> None:
        group = self._settings.group
        self._usual += (seconds - self._usual) / 8
        metrics.ROUNDS.labels(group, "committed").inc()
        metrics.ROUND_SECONDS.labels(group).observe(seconds)
        metrics.ROUND_BATCHES.labels(group).inc(len(entries))
        for entry in entries:
            batch = entry.batch
            metrics.OUTPUTS.labels(group).inc(len(batch.outbox))
            metrics.RECORDS.labels(group).inc(len(batch.piece.records))
            self._release(entry)
            self._on_committed(batch)

    def _aborted(self, entries: list[_Entry], aborted: AbortedError) -> None:
        _log.warning("a round was aborted", batches=len(entries), refusal=aborted.refusal.value, error=str(aborted))
        for entry in entries:
            if not entry.batch.counts:
                self._release(entry)
            elif aborted.refusal is Refusal.OUTAGE:
                self._try_later(entry)
            elif aborted.refusal is Refusal.DATA and aborted.guilty is entry.batch:
                self._release(entry)
                self._on_refused(entry.batch, OutputError(str(aborted)))
            else:
                # When the guilty one is known the others are innocent; they go alone all the same, for safety is cheap.
                entry.is_alone = True
                self._enqueue(entry)

    def _try_later(self, entry: _Entry) -> None:
        entry.outages += 1
        metrics.BATCHES_RETRIED.labels(self._settings.group, "outage").inc()
        delay = backoff(entry.outages, self._settings)
        asyncio.get_running_loop().call_later(delay, self._enqueue, entry)

    def _release(self, entry: _Entry) -> None:
        entry.batch.close()
        if not entry.done.done():
            entry.done.set_result(None)
