"""One opened source: what Kafka has not acknowledged, or a snapshot; then rounds, and sweeps between them."""

import secrets
import time
from collections.abc import Iterator, Sequence
from itertools import chain, repeat
from pathlib import Path
from typing import Any, Final, NamedTuple

import sqlalchemy as sa
import structlog

from connectors.contract import Memory
from connectors.errors import Fenced, SourceUnavailable
from connectors.resync_requests import taken_up
from connectors.sources.sql_polling import changes, memories, plain, queries, session
from connectors.sources.sql_polling.anew import Anew
from connectors.sources.sql_polling.changes import Stamp
from connectors.sources.sql_polling.jobs import Job, jobs_of, said
from connectors.sources.sql_polling.memories import Kept
from connectors.sources.sql_polling.own_writes import Authors
from connectors.sources.sql_polling.rounds import Rounds
from connectors.sources.sql_polling.store import Known, Round, Store
from connectors.sources.sql_polling.sweep import Swept, sweep
from connectors.sources.sql_polling.tables import Found, Table, tables
from connectors.sources.sql_polling.window import Window
from connectors.values import Change, Changes
from schemas.manifest import Manifest
from schemas.records import Phase, ResyncRequest

_log = structlog.get_logger(__name__)

_KEEP_SECONDS: Final = 5.0
_SLEEP_SECONDS: Final = 0.05


class Times(NamedTuple):
    """In seconds: between rounds; from taking a cursor to its commit, at most; between sweeps."""

    every: float
    lateness: float
    sweep: float


class Token(NamedTuple):
    """Everything up to `commit` of this epoch has been handed out; 0 while the snapshot lasts."""

    epoch: int
    commit: int


class Capture:
    """See `connectors.contract.Source`. Methods raise SQLAlchemyError beside SourceUnavailable and Fenced."""

    def __init__(self, url: str, manifest: Manifest, memory: Memory, *, cursors: dict[str, str], times: Times) -> None:
        self._url = url
        self._manifest = manifest
        self._memory = memory
        self._cursors = cursors
        self._times = times
        self._connection: sa.Connection | None = None
        self._store: Store | None = None
        self._rounds: list[Rounds] = []
        self._prepared: Iterator[Changes] = iter(())
        self._sweep: Iterator[Swept] | None = None
        self._next_sweep = self._next_keep = 0.0
        self._pauses: Iterator[float] = repeat(times.sweep)
        self._asked_first = False
        #: Of our own writes, when the sweep began.
        self._counts: dict[str, int] = {}
        self.epoch = memory.last["epoch"] if memory.last else 0

    def open(self, path: Path) -> None:
        """`path` of the local store."""
        last = self._memory.last
        kept = memories.recall(last)
        self._memory.keep(epoch=self.epoch, phase="starting", detail=last["detail"] if last else "")
        self._connection = connection = session.connect(self._url, self._manifest.system)
        self._tables = tables(connection, self._manifest, self._cursors)
        self._store = store = Store(path)
        self._authors = Authors(connection, store, self._manifest, self._tables)
        self._anew = Anew(self._manifest.system, store)
        if kept is not None and store.id == kept.store and store.generation > self._memory.generation:
            raise Fenced(f"opening {self._manifest.system}: generation {store.generation} has started on this machine")
        why = memories.why_anew(kept, last, store, self._tables)
        if kept is None or why:
            self._begin_anew(why)
        else:
            self._go_on(kept)

    def read(self, timeout: float) -> Changes | None:
        """See Source."""
        until = time.monotonic() + timeout
        self._asked_first = False
        while True:
            found = next(self._prepared, None) or self._step()
            now = time.monotonic()
            if found is not None or now >= until:
                return found
            time.sleep(max(0.0, min(self._idle(now), until - now, _SLEEP_SECONDS)))

    def confirm(self, token: Token) -> None:
        """See Source. Tokens of an earlier epoch mean nothing any more."""
        if token.epoch != self.epoch or not token.commit:
            return
        self._local.acknowledged(token.commit)
        now = time.monotonic()
        if not self._kept.complete or now >= self._next_keep or self._is_done_by(token.commit):
            self._next_keep = now + _KEEP_SECONDS
            self._keep_confirmed(token.commit)

    def close(self) -> None:
        """Never raises."""
        if self._connection is not None:
            self._connection.close()
        if self._store is not None:
            self._store.close()

    @property
    def _database(self) -> sa.Connection:
        assert self._connection is not None  # noqa: S101 - opened before
        return self._connection

    @property
    def _local(self) -> Store:
        assert self._store is not None  # noqa: S101 - opened before
        return self._store

    @property
    def _soon(self) -> float:
        return min(self._times.lateness, self._times.sweep)

    def _keep(self, phase: Phase, kept: Kept, *, taking_up: Sequence[ResyncRequest] = ()) -> None:
        last = self._memory.last
        resync = last["resync"] if last else None
        if taking_up:
            resync = taken_up(resync, taking_up)
        if kept.complete:
            resync = said(kept.jobs, resync, rows=self._local.come(kept.jobs[0].id).rows if kept.jobs else 0)
        self._memory.keep(epoch=self.epoch, phase=phase, detail=kept.model_dump_json(), resync=resync)
        self._kept = kept

    def _keep_confirmed(self, commit: int) -> None:
        """Kafka has everything up to this position; jobs that ended before it are done."""
        jobs = tuple(job for job in self._kept.jobs if not self._is_done(job, commit))
        confirmed = max(commit, self._kept.confirmed)
        self._keep("streaming", self._kept.model_copy(update={"complete": True, "confirmed": confirmed, "jobs": jobs}))
        self._local.forget_jobs(but=(job.id for job in jobs))

    def _is_done(self, job: Job, commit: int) -> bool:
        come = self._local.come(job.id)
        return come.done and come.commit <= commit

    def _is_done_by(self, commit: int) -> bool:
        return bool(self._kept.jobs) and self._is_done(self._kept.jobs[0], commit)

    def _go_on(self, kept: Kept) -> None:
        self._local.take_over(self._memory.generation)
        present = {table.resource for table in self._tables}
        jobs = tuple(job for job in kept.jobs if job.resource in present)
        self._keep("streaming", kept.model_copy(update={"jobs": jobs}))
        self._prepared = self._unacknowledged()
        # What was on its way when this process started is committed by the time of the second sweep.
        self._begin_rounds(first_sweep=0.0)
        self._pauses = chain([self._soon], repeat(self._times.sweep))

    def _begin_anew(self, why: str) -> None:
        """Each step leaves a memory that, after a crash, leads here again."""
        self.epoch += 1
        _log.warning("positions start anew with a snapshot", system=self._manifest.system, epoch=self.epoch, reason=why)
        identity = secrets.token_hex(8)
        kept = Kept(store=identity, complete=False, keys=memories.keys_of(self._tables))
        # The snapshot is all that anybody may have asked for.
        self._keep("snapshot", kept, taking_up=self._memory.asked())
        self._local.begin_anew(identity, self._memory.generation)
        self._prepared = self._snapshot()

    def _unacknowledged(self) -> Iterator[Changes]:
        """As it was handed out before: the same events with the same positions."""
        entities = {table.resource: table.entities for table in self._tables}
        known = {plain.dumps(table.shape): table.shape for table in self._tables}
        for found in self._local.unacknowledged():
            shape = known.setdefault(found.shape, plain.loads(found.shape))
            items = changes.handed_out(found.events, entities.get(found.resource, ()), shape)
            yield Changes(items, Token(self.epoch, found.commit))

    def _snapshot(self) -> Iterator[Changes]:
        with self._local.writing():
            commit = self._local.next_commit()
        stamp = Stamp(self._manifest.system, self.epoch, commit, None)
        ordinal = 0
        ahead: list[Change] = []
        for drafts, table in self._snapshot_drafts():
            if ahead:
                yield Changes(ahead, Token(self.epoch, 0))
            ahead = changes.changes_of(drafts, table, stamp, first=ordinal)
            ordinal += len(drafts)
        # Changes that were on their way while it was read are committed by the time of the first sweep.
        self._begin_rounds(first_sweep=self._soon)
        yield Changes(ahead, Token(self.epoch, commit))

    def _snapshot_drafts(self) -> Iterator[tuple[list[changes.Draft], Table]]:
        for table in self._tables:
            newest, count = queries.newest_cursor(self._database, table), self._authors.count(table)
            yield [changes.marker("snapshot_begin")], table
            page: list[Found] = []
            while page := queries.page_by_key(self._database, table, after=page[-1].key if page else None):
                with self._local.writing():
                    self._local.learn(table.resource, map(changes.knowledge, page))
                yield [changes.reading(found) for found in page], table
            with self._local.writing():
                self._local.keep_floor(table.resource, newest)
                self._local.keep_swept(table.resource, count)
            yield [changes.marker("snapshot_end")], table

    def _begin_rounds(self, *, first_sweep: float) -> None:
        self._rounds = [
            Rounds(
                table,
                Window(self._local.floor(table.resource), lateness=self._times.lateness),
                every=self._times.every,
            )
            for table in self._tables
        ]
        self._next_sweep = time.monotonic() + first_sweep

    def _step(self) -> Changes | None:
        """A page of a round that is due, else a step of a sweep; what is new goes before what is gone."""
        now = time.monotonic()
        for rounds in self._rounds:
            if rounds.due <= now:
                before, count = rounds.floor, self._authors.count(rounds.table)
                found = rounds.step(self._database)
                moved = [rounds.floor] if rounds.floor != before else []
                return self._say(rounds.table, found, [], floor=moved, count=count)
        return self._read_anew(now) or self._sweep_when_due(now)

    def _read_anew(self, now: float) -> Changes | None:
        """A page of a table that somebody wants to be read anew."""
        if not self._rounds or not self._kept.complete:
            return None
        asked = self._memory.asked()
        if asked:
            self._take_up(asked)
        if not self._kept.jobs or now < self._anew.due:
            return None
        job = self._anew.next_job(self._kept.jobs)
        if job is None:
            return None
        table = next(table for table in self._tables if table.resource == job.resource)
        count = self._authors.count(table)
        found, commit = self._anew.step(self._database, job, table, epoch=self.epoch, count=count)
        return Changes(found, Token(self.epoch, commit))

    def _take_up(self, asked: Sequence[ResyncRequest]) -> None:
        """From now on all is said in another epoch: whatever is not said again was said in an earlier one."""
        tables = [table.resource for table in self._tables]
        jobs = jobs_of(asked, tables, epoch=self.epoch + 1)
        if jobs:
            self.epoch += 1
            _log.warning("reading tables anew", system=self._manifest.system, epoch=self.epoch, tables=tables)
        self._keep("streaming", self._kept.model_copy(update={"jobs": (*self._kept.jobs, *jobs)}), taking_up=asked)

    def _sweep_when_due(self, now: float) -> Changes | None:
        if not self._rounds or now < self._next_sweep:
            return None
        if not self._asked_first:
            self._asked_first = True
            for rounds in self._rounds:
                rounds.hasten()
            return None
        self._asked_first = False
        return self._sweep_on()

    def _sweep_on(self) -> Changes | None:
        counts = {table.resource: self._authors.count(table) for table in self._tables}
        if self._sweep is None:
            self._check_structure()
            self._sweep, self._counts = sweep(self._database, self._local, self._tables), counts
        swept = next(self._sweep, None)
        if swept is None:
            self._sweep = None
            self._next_sweep = time.monotonic() + next(self._pauses)
            self._end_sweep()
            return None
        return self._say(swept.table, swept.rows, swept.gone, floor=[], count=counts[swept.table.resource])

    def _end_sweep(self) -> None:
        """What was written when it began is in what is known of every row."""
        if any(self._counts.values()):
            with self._local.writing():
                for resource, count in self._counts.items():
                    self._local.keep_swept(resource, count)

    def _say(
        self, table: Table, rows: list[Found], gone: list[Known], *, floor: list[Any], count: int
    ) -> Changes | None:
        """What of it is news, once it is safe on this machine. `floor`: to be kept, where there is one. `count`: of our
        own writes, as it was before this was read."""
        store = self._local
        known = store.known(table.resource, [found.name for found in rows])
        looked = self._authors.look(table, rows, known, count=count)
        compared = changes.compare(looked.rows, known, looked.since)
        drafts = [*compared.drafts, *changes.deletions(gone, self._authors.taken(table, gone))]
        if not (drafts or compared.learned or floor):
            return None
        with store.writing():
            store.learn(table.resource, compared.learned)
            store.keep_seen(table.resource, looked.seen)
            store.forget(table.resource, [known.name for known in gone])
            if any(job.resource == table.resource for job in self._kept.jobs):
                store.say(table.resource, [draft.row for draft in drafts])
            for since in floor:
                store.keep_floor(table.resource, since)
            if not drafts:
                return None
            commit = store.next_commit()
            stamp = Stamp(self._manifest.system, self.epoch, commit, commit)
            events = changes.events(drafts, table.resource, stamp, first=1)
            store.keep_round(Round(commit, table.resource, plain.dumps(table.shape), events))
        return Changes(changes.handed_out(events, table.entities, table.shape), Token(self.epoch, commit))

    def _check_structure(self) -> None:
        found = tables(self._database, self._manifest, self._cursors)
        if [table.structure() for table in found] != [table.structure() for table in self._tables]:
            raise SourceUnavailable(f"reading {self._manifest.system}: a table has another structure now")

    def _idle(self, now: float) -> float:
        if not self._rounds:
            return 0.0
        due = [self._anew.due] if self._kept.jobs else []
        return min(self._next_sweep, *due, *(rounds.due for rounds in self._rounds)) - now
