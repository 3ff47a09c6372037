"""Reads tables anew, some rows at a time, while the stream goes on: live changes win over the rows that are read."""

import time
from collections.abc import Callable, Iterable, Sequence
from typing import Final, Protocol

import structlog

from connectors.sources.postgres_capture import lsn
from connectors.sources.postgres_capture.chunk import Begun, Chunk, RowRead
from connectors.sources.postgres_capture.epochs import Epochs
from connectors.sources.postgres_capture.jobs import Job, JobId, Progress
from connectors.sources.postgres_capture.row_events import Stamp
from connectors.sources.postgres_capture.visibility import Seen
from connectors.values import Change

_log = structlog.get_logger(__name__)

#: Rows of a chunk, and bytes that a chunk should have.
LIMIT: Final = 1000
_BYTES: Final = 4_000_000
_FIRST_LIMIT: Final = 100
#: A slow resync reads several chunks a second all the same.
_CHUNKS_A_SECOND: Final = 4
#: Seconds between looks: while rows are on their way, and while something must pass first.
_SOON: Final = 0.002
_LATER: Final = 0.05
#: How long changes may keep the next chunk from being begun.
_YIELD_SECONDS: Final = 1.0
#: A transaction that has been streamed is visible at once; only one that waits for a standby is not.
GATE_SECONDS: Final = 10.0
_TELL_SECONDS: Final = 10.0


class Reader(Protocol):
    """The database, as far as a resync reads it. Methods raise psycopg.Error."""

    #: Seconds after which a transaction that was open at the beginning has surely nothing to do with the stream.
    gate_seconds: float

    def seen(self) -> Seen:
        """What a statement would see now."""

    def open_transactions(self) -> frozenset[int]:
        """All that have begun to write and that nobody sees yet."""

    def begin(self, job: Job, limit: int, trust: Callable[[Seen], bool]) -> Begun | None:
        """Begin to read the rows behind `job.after`; None when it cannot be now, or what it sees is not trusted."""

    def take(self) -> list[RowRead] | None:
        """The rows that have come since; None when all have. Until then the table is locked against being emptied."""


class Gate:
    """Closed while transactions are open that the stream may have shown, or missed, before anybody could see them."""

    def __init__(self, waits_for: frozenset[int], *, until: float) -> None:
        self._waits_for = waits_for
        self._until = until

    def is_open(self, seen: Seen, now: float) -> bool:
        """Whether they have all ended, or it is too late for them to matter."""
        self._waits_for &= seen.running
        return not self._waits_for or now >= self._until


class Resync:
    """Works off jobs in their order. `saw` is told of every change from the beginning on, before `step` is called."""

    def __init__(
        self, reader: Reader, epochs: Epochs, *, system: str, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._reader = reader
        self._epochs = epochs
        self._system = system
        self._clock = clock
        self._jobs: list[Job] = []
        self._gates: dict[JobId, Gate] = {}
        self._chunk: Chunk | None = None
        #: Transactions that the stream has shown and that the last chunk did not see.
        self._shown: set[int] = set()
        self._limit = _FIRST_LIMIT
        self._due = self._tell_due = 0.0
        self._yields_until: float | None = None
        #: How far what was handed out has come.
        self.progress: Progress = {}

    @property
    def idle(self) -> bool:
        """Whether nothing is left to do."""
        return not self._jobs

    def add(self, jobs: Iterable[Job]) -> None:
        """Work these off too. What was committed before they begin has not been streamed wholly."""
        opened, now = self._reader.open_transactions(), self._clock()
        for job in jobs:
            until = float("inf") if job.patient else now + self._reader.gate_seconds
            self._gates[job.id] = Gate(opened, until=until)
            self._jobs.append(job)

    def pause(self) -> float:
        """Seconds until `step` has something to do, if no change comes before."""
        return _SOON if self._chunk is not None else max(_SOON, min(_LATER, self._due - self._clock()))

    def saw(self, changes: Sequence[Change]) -> None:
        """The stream has these changes."""
        if self._jobs:
            self._shown.update(event["transaction"] for _, event, _ in changes if event["transaction"] is not None)
            if self._chunk is not None:
                self._chunk.saw(changes)

    def step(self, settled: int, *, behind: bool) -> list[Change]:
        """Rows that stand, to be handed out behind all changes so far. `settled`: the stream's position; `behind`:
        whether more changes wait to be read. Raises psycopg.Error.
        """
        if self._chunk is None:
            if self._may_begin(settled, behind=behind):
                self._begin(self._jobs[0])
            return []
        if not self._chunk.complete:
            self._take(self._chunk)
        if not self._chunk.complete or settled < self._chunk.begun.high:
            return []
        return self._hand_out(self._chunk)

    def _may_begin(self, settled: int, *, behind: bool) -> bool:
        now = self._clock()
        if not self._jobs or settled < lsn.parse(self._jobs[0].since) or now < self._due:
            return False
        if behind and now < (self._yields_until or now + 1):
            self._yields_until = self._yields_until or now + _YIELD_SECONDS
            return False
        self._yields_until = None
        gate = self._gates.get(self._jobs[0].id)
        if gate is None:
            return True
        self._due = now + _LATER
        seen = self._reader.seen()
        self._shown = {transaction for transaction in self._shown if not seen.covers(transaction)}
        if not gate.is_open(seen, now):
            return False
        del self._gates[self._jobs[0].id]
        return True

    def _begin(self, job: Job) -> None:
        limit = min(self._limit, max(1, job.rate // _CHUNKS_A_SECOND)) if job.rate else self._limit
        begun = self._reader.begin(job, limit, lambda seen: all(map(seen.covers, self._shown)))
        if begun is None:
            self._due = self._clock() + _LATER
            return
        self._shown.clear()
        self._chunk = Chunk(begun, job.resource, limit=limit)

    def _take(self, chunk: Chunk) -> None:
        rows = self._reader.take()
        if rows is None:
            chunk.complete = True
        else:
            chunk.rows += rows

    def _hand_out(self, chunk: Chunk) -> list[Change]:
        job, begun, rows = self._jobs[0], chunk.begun, chunk.rows
        # A commit can stand exactly at `high`: the rows stand before it.
        stamp = Stamp(self._system, self._epochs.of(begun.high - 1), begun.high - 1, begun.time)
        of_table = stamp._replace(epoch=job.epoch)
        changes = [] if job.begun else begun.events.marker("snapshot_begin", of_table, 0)
        for ordinal, row in enumerate(chunk.standing(), 1):
            changes += begun.events.read(row.name, row.row, stamp, ordinal)
        if len(rows) < chunk.limit:
            changes += begun.events.marker("snapshot_end", of_table, len(rows) + 1)
            self._end(job, len(rows))
        else:
            self._go_on(job, rows, expected=begun.expected)
        self._chunk = None
        return changes

    def _go_on(self, job: Job, rows: list[RowRead], *, expected: int) -> None:
        after = tuple(part.decode("latin-1") for part in rows[-1].key)
        come = {"begun": True, "after": after, "rows": job.rows + len(rows), "expected": expected}
        job = job.model_copy(update=come)
        self._jobs[0] = job
        self.progress = {**self.progress, job.id: job}
        self._limit = max(1, min(LIMIT, _BYTES * len(rows) // (sum(row.size for row in rows) or 1)))
        now = self._clock()
        self._due = now + len(rows) / job.rate if job.rate else now
        if now >= self._tell_due:
            self._tell_due = now + _TELL_SECONDS
            _log.info("reading anew", system=self._system, table=job.resource, rows=job.rows, expected=job.expected)

    def _end(self, job: Job, rows: int) -> None:
        self._jobs.pop(0)
        self.progress = {**self.progress, job.id: None}
        _log.info("read anew", system=self._system, table=job.resource, rows=job.rows + rows)
