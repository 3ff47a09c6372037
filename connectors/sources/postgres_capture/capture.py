"""One opened source: from taking over the slot to the stream, with a new snapshot where the old position is no good."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import Any, Final, NamedTuple, NoReturn

import psycopg
import structlog
from psycopg import Connection

from connectors.contract import Memory
from connectors.errors import SourceUnavailable
from connectors.resync_requests import taken_up
from connectors.sources.postgres_capture import (
    heartbeat,
    lsn,
    memories,
    publication,
    session,
    slot,
    snapshot,
)
from connectors.sources.postgres_capture.chunks import Chunks, emit
from connectors.sources.postgres_capture.database import Database
from connectors.sources.postgres_capture.epochs import Epochs, followed_by
from connectors.sources.postgres_capture.jobs import Job, Progress, Wanted, advanced, said, wanted_by
from connectors.sources.postgres_capture.memories import Found, Kept
from connectors.sources.postgres_capture.pgoutput import Pgoutput
from connectors.sources.postgres_capture.relations import Published, Untrustworthy
from connectors.sources.postgres_capture.replication import NewSlot, Replication, StreamEnded
from connectors.sources.postgres_capture.resync import Resync
from connectors.sources.postgres_capture.row_events import Stamp
from connectors.sources.postgres_capture.stream import Stream
from connectors.sources.postgres_capture.structure import Table
from connectors.values import Change, Changes
from schemas.manifest import Manifest
from schemas.records import Phase, ResyncRequest

_log = structlog.get_logger(__name__)

_SEEN_SECONDS: Final = 60.0
_PROGRESS_SECONDS: Final = 2.0
#: What the server says when the slot's WAL or the publication's past is gone: waiting does not help.
_GONE: Final = frozenset({"42704", "58P01", "55000"})


class Token(NamedTuple):
    """Everything committed before `position` has been handed out; 0 while the snapshot lasts. `progress`: of jobs."""

    capture: "Capture"
    position: int
    progress: Progress


class Capture:
    """See `connectors.contract.Source`. Methods raise psycopg.Error beside SourceUnavailable and Fenced."""

    def __init__(self, dsn: str, manifest: Manifest, memory: Memory, *, slot_name: str) -> None:
        self._dsn = dsn
        self._manifest = manifest
        self._memory = memory
        self._system = manifest.system
        self._name = slot_name
        self._connections: list[Any] = []
        self._stream: Stream | None = None
        self._resync: Resync | None = None
        self._batches: Iterator[list[Change]] = iter(())
        self._next: Callable[[float], Changes | None] = self._await_slot
        self._ahead: list[Change] | None = None
        self._next_beat, self._next_seen, self._next_progress = 0.0, time.monotonic() + _SEEN_SECONDS, 0.0
        self.epoch = memory.last["epoch"] if memory.last else 0
        self.confirmed = 0

    def open(self, *, confirmed: dict[int, int]) -> None:
        """`confirmed`: what this process has confirmed, by epoch; the server may not have heard of it yet."""
        detail = self._memory.last["detail"] if self._memory.last else ""
        kept = memories.recall(detail)
        self._memory.keep(epoch=self.epoch, phase="starting", detail=detail)
        self._database = Database(self._held(session.connect(self._dsn, self._system)), self._manifest)
        self._tables = self._database.tables()
        self._replication = self._held(Replication(self._dsn, self._system))
        slot.take_over(self._database.connection, self._name)
        self.confirmed = confirmed.get(self.epoch, 0)
        found = self._look_around(kept)
        if kept is not None and self.confirmed > lsn.parse(kept.seen):
            kept = kept.model_copy(update={"seen": lsn.spell(self.confirmed)})
        why = memories.why_anew(kept, found)
        if kept is None or why:
            self._begin_anew(why, kept, found)
        else:
            self._go_on(kept)

    def read(self, timeout: float) -> Changes | None:
        """See Source."""
        self._beat_when_due()
        try:
            return self._next(timeout)
        except Untrustworthy as error:
            self._spoil(str(error))
        except StreamEnded as error:
            if error.code in _GONE:
                self._spoil(str(error))
            raise

    def confirm(self, token: Token) -> None:
        """See Source. Tokens of an earlier opening mean nothing any more."""
        if token.capture is not self or not token.position or self._stream is None:
            return
        if not self._kept.complete:
            self._keep("streaming", complete=True)
            _log.info("the snapshot is complete", system=self._system, epoch=self.epoch)
        self.confirmed = max(self.confirmed, token.position)
        self._stream.confirm(token.position)
        self._keep_progress(token.progress)

    def close(self) -> None:
        """Never raises."""
        if self._stream is not None:
            with suppress(psycopg.Error):
                self._stream.finish()
        while self._connections:
            self._connections.pop().close()

    def _held(self, connection: Any) -> Any:
        self._connections.append(connection)
        return connection

    def _look_around(self, kept: Kept | None) -> Found:
        connection = self._database.connection
        known = [table for table in self._tables if kept is None or table.resource in kept.tables]
        return Found(
            identity=self._replication.identify(),
            slot=slot.read(connection, self._name),
            tables=self._tables,
            lacking=publication.lacking(connection, self._name, known),
            position=self._database.end_of_wal(),
        )

    def _begin_anew(self, why: str, kept: Kept | None, found: Found) -> None:
        """Each step leaves a memory that, after a crash, leads here again."""
        _log.warning("positions start anew with a snapshot", system=self._system, epoch=self.epoch + 1, reason=why)
        if kept is not None and not kept.spoiled:
            self._kept = kept
            self._keep("starting", spoiled=why)
        publication.ensure(self._database.connection, self._name, self._tables)
        self.epoch += 1
        self.confirmed = 0
        self._kept = memories.first(found.identity, self._tables)
        # The snapshot is all that anybody may have asked for.
        self._keep("snapshot", taking_up=self._memory.asked())
        slot.drop(self._database.connection, self._name)
        self._replication.ask_for_slot(self._name)
        self._next = self._await_slot

    def _await_slot(self, timeout: float) -> Changes | None:
        made = self._replication.new_slot(timeout)
        if made is not None:
            self._begin_snapshot(made)
        return None

    def _begin_snapshot(self, made: NewSlot) -> None:
        reading: Connection[Any] = self._held(session.connect_for_reading(self._dsn, self._system))
        now = snapshot.enter(reading, made.snapshot, self._tables)
        # Locked since, so that the structure stays; what it is now is what COPY reads.
        self._tables = [self._sent(table) for table in self._database.tables()]
        published = self._database.published(self._tables)
        # A commit can stand exactly at the consistent point: rows of the snapshot stand before it.
        stamp = Stamp(self._system, self.epoch, made.consistent_point - 1, now)
        self._batches = snapshot.read(reading, list(published.values()), stamp)
        self._ahead = next(self._batches, None)
        self._next = lambda _: self._read_snapshot(reading, made.consistent_point, published)

    def _read_snapshot(self, reading: Connection[Any], start: int, published: dict[int, Published]) -> Changes:
        changes = self._ahead
        self._ahead = next(self._batches, None)
        if self._ahead is not None:
            return Changes(changes or [], Token(self, 0, {}))
        reading.close()
        self._begin_stream(after=start, published=published)
        return Changes(changes or [], Token(self, start, {}))

    def _go_on(self, kept: Kept) -> None:
        present = {table.resource for table in self._tables}
        added = [Wanted(table.resource, patient=True) for table in memories.added(kept, self._tables)]
        # A table that is left out for a while is a new one when it comes back.
        known = {resource: key for resource, key in kept.tables.items() if resource in present}
        self._kept = kept.model_copy(update={"jobs": tuple(job for job in kept.jobs if job.resource in present)})
        adjust = publication.ensure if added else publication.narrow
        adjust(self._database.connection, self._name, self._tables)
        self._tables = [self._sent(table) for table in self._tables]
        self._keep("streaming", tables=known)
        self._begin_stream(after=self.confirmed, published=self._database.published(self._tables))
        if added:
            self._read_anew(added)

    def _begin_stream(self, *, after: int, published: dict[int, Published]) -> None:
        tables = {table.oid: table for table in self._tables}
        self._epochs = Epochs(self._kept.epochs, last=self.epoch)
        decoder = Pgoutput(
            system=self._system,
            shows_messages=self._replication.shows_messages,
            epochs=self._epochs,
            published=published,
            read_again=self._database.read_again,
            primary_keys=lambda oid: self._primary_keys(tables[oid]),
        )
        self._replication.start(self._name, self._name, after=after)
        self._stream = Stream(self._replication, decoder, after=after)
        self._resync = Resync(self._chunks(), self._epochs, system=self._system)
        self._resync.add(self._kept.jobs)
        self._next = self._read_stream
        self._next_beat = 0.0

    def _chunks(self) -> Chunks:
        def connect() -> Connection[Any]:
            made: Connection[Any] = self._held(session.connect_for_reading(self._dsn, self._system))
            return made

        key_of = lambda resource: self._kept.tables[resource]  # noqa: E731 - what is kept then, not now
        return Chunks(self._database, connect, publication_name=self._name, tables=self._tables, key_of=key_of)

    def _read_stream(self, timeout: float) -> Changes | None:
        stream, resync = self._stream, self._resync
        assert stream is not None and resync is not None  # noqa: S101 - this is only called once there are both
        self._take_up_requests()
        found = stream.take(timeout if resync.idle else min(timeout, resync.pause()))
        changes, position = found or ([], stream.position)
        if not resync.idle:
            resync.saw(changes)
            rows = resync.step(position, behind=stream.behind)
            if rows:
                return Changes([*changes, *rows], Token(self, position, resync.progress))
        return None if found is None else Changes(changes, Token(self, position, resync.progress))

    def _take_up_requests(self) -> None:
        asked = self._memory.asked()
        if asked and self._kept.complete:
            tables = [table.resource for table in self._tables]
            self._read_anew([wanted for request in asked for wanted in wanted_by(request, tables)], asked)

    def _read_anew(self, wanted: Sequence[Wanted], asked: Sequence[ResyncRequest] = ()) -> None:
        """Begin an epoch at a place that nothing has been read behind, and keep that before anything is."""
        assert self._resync is not None  # noqa: S101 - there is a stream
        place = emit(self._database.connection)
        self.epoch += 1
        jobs = tuple(Job(epoch=self.epoch, since=lsn.spell(place), **each._asdict()) for each in wanted)
        _log.warning("reading tables anew", system=self._system, epoch=self.epoch, tables=[j.resource for j in jobs])
        self._keep(
            "streaming",
            taking_up=asked,
            tables=memories.keys_of(self._tables),
            epochs=followed_by(self._kept.epochs, place, self.epoch),
            jobs=(*self._kept.jobs, *jobs),
        )
        self._epochs.begin(place, self.epoch)
        self._resync.add(jobs)

    def _keep_progress(self, progress: Progress) -> None:
        jobs, now = advanced(self._kept.jobs, progress), time.monotonic()
        if jobs != self._kept.jobs and (len(jobs) < len(self._kept.jobs) or now >= self._next_progress):
            self._next_progress = now + _PROGRESS_SECONDS
            self._keep("streaming", jobs=jobs)

    def _sent(self, table: Table) -> Table:
        return publication.sent_columns(self._database.connection, self._name, table)

    def _primary_keys(self, table: Table) -> dict[str, tuple[str, ...]]:
        return dict(self._database.primary_keys(table, self._kept.tables[table.resource].names))

    def _keep(self, phase: Phase, *, taking_up: Sequence[ResyncRequest] = (), **changed: Any) -> None:
        self._kept = self._kept.model_copy(update=changed)
        last = self._memory.last
        resync = last["resync"] if last else None
        if taking_up:
            resync = taken_up(resync, taking_up)
        if self._kept.complete:
            resync = said(self._kept.jobs, resync)
        self._memory.keep(epoch=self.epoch, phase=phase, detail=self._kept.model_dump_json(), resync=resync)

    def _spoil(self, why: str) -> NoReturn:
        self._keep("retrying", spoiled=why)
        raise SourceUnavailable(f"reading {self._system}: {why}; a new snapshot follows")

    def _beat_when_due(self) -> None:
        now = time.monotonic()
        if now < self._next_beat:
            return
        self._next_beat = now + heartbeat.SECONDS
        is_there = heartbeat.beat(self._database.connection, self._name)
        if self._stream is None or not is_there:
            return
        lacking = publication.lacking_now(self._database.connection, self._name, self._tables)
        if lacking:
            self._spoil(lacking)
        if now >= self._next_seen and self._kept.complete:
            self._next_seen = now + _SEEN_SECONDS
            self._keep("streaming", seen=lsn.spell(max(self.confirmed, lsn.parse(self._kept.seen))))
