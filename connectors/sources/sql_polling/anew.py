"""Reads tables anew, a page at a time, between the rounds: every row is said again, news or not.

One thread reads, one statement after the other, so what is read later is said later and no row can go back. Rows that
were known and that no page brought are asked for by their keys in the end: a row that was taken out and put back as it
was looks as if nothing had happened to it, and it was not there when its page was read.
"""

import time
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

import sqlalchemy as sa
import structlog

from connectors.sources.sql_polling import changes, plain, queries
from connectors.sources.sql_polling.changes import Draft, Stamp
from connectors.sources.sql_polling.jobs import Job
from connectors.sources.sql_polling.store import Come, Round, Store
from connectors.sources.sql_polling.tables import Found, Table
from connectors.values import Change

_log = structlog.get_logger(__name__)

#: A slow one reads several pages a second all the same.
_PAGES_A_SECOND: Final = 4
_TELL_SECONDS: Final = 10.0


class Page(NamedTuple):
    """Rows that were read, the names that are done with them, and how far the job has come."""

    rows: list[Found]
    names: list[str]
    come: Come


class Anew:
    """Works off jobs in their order. Methods raise sa's errors, SourceUnavailable and Fenced."""

    def __init__(self, system: str, store: Store, clock: Callable[[], float] = time.monotonic) -> None:
        self._system = system
        self._store = store
        self._clock = clock
        self._tell_due = 0.0
        #: The moment of the next page.
        self.due = 0.0

    def next_job(self, jobs: Sequence[Job]) -> Job | None:
        """The first of which not everything has been handed out."""
        return next((job for job in jobs if not self._store.come(job.id).done), None)

    def step(
        self, connection: sa.Connection, job: Job, table: Table, *, epoch: int, count: int
    ) -> tuple[list[Change], int]:
        """The next events and their position, safe on this machine. `epoch`: of everything that is read now. `count`:
        of our own writes until now."""
        come = self._store.come(job.id)
        limit = min(queries.PAGE, max(1, job.rate // _PAGES_A_SECOND)) if job.rate else queries.PAGE
        page = self._missed(connection, job, table, come) if come.paged else _page(connection, table, come, limit)
        self.due = self._clock() + (len(page.rows) / job.rate if job.rate else 0.0)
        self._tell(job, page.come)
        return self._keep(job, table, page, begins=not come.begun, epoch=epoch, count=count)

    def _missed(self, connection: sa.Connection, job: Job, table: Table, come: Come) -> Page:
        missed = self._store.unsaid(job.resource, queries.PAGE)
        if not missed:
            return Page([], [], come._replace(done=True))
        rows = queries.rows_of(connection, table, [plain.loads(known.key) for known in missed])
        # Those that are gone: the next sweep says so, and the marker of the end.
        return Page(rows, [known.name for known in missed], come._replace(rows=come.rows + len(rows)))

    def _keep(  # noqa: PLR0913 - made in one place
        self, job: Job, table: Table, page: Page, *, begins: bool, epoch: int, count: int
    ) -> tuple[list[Change], int]:
        store, resource = self._store, table.resource
        with store.writing():
            store.learn(resource, map(changes.knowledge, page.rows))
            store.keep_seen(resource, dict.fromkeys((found.name for found in page.rows), count) if count else {})
            store.say(resource, page.names)
            commit = store.next_commit()
            of_rows = Stamp(self._system, epoch, commit, None)
            of_table = of_rows._replace(epoch=job.epoch)
            first = [changes.marker("snapshot_begin")] if begins else []
            last = [changes.marker("snapshot_end")] if page.come.done else []
            rows: list[Draft] = [changes.reading(found) for found in page.rows]
            events = [
                *changes.events(first, resource, of_table, first=0),
                *changes.events(rows, resource, of_rows, first=1),
                *changes.events(last, resource, of_table, first=len(rows) + 1),
            ]
            store.keep_round(Round(commit, resource, plain.dumps(table.shape), events))
            if page.come.done:
                store.forget_said(resource)
            store.keep_come(job.id, page.come._replace(begun=True, commit=commit))
        return changes.handed_out(events, table.entities, table.shape), commit

    def _tell(self, job: Job, come: Come) -> None:
        now = self._clock()
        if come.done:
            _log.info("read anew", system=self._system, table=job.resource, rows=come.rows)
        elif now >= self._tell_due:
            self._tell_due = now + _TELL_SECONDS
            _log.info("reading anew", system=self._system, table=job.resource, rows=come.rows)


def _page(connection: sa.Connection, table: Table, come: Come, limit: int) -> Page:
    rows = queries.page_by_key(connection, table, after=come.after, limit=limit)
    after = rows[-1].key if rows else come.after
    paged = len(rows) < limit
    names = [found.name for found in rows]
    return Page(rows, names, come._replace(after=after, rows=come.rows + len(rows), paged=paged))
