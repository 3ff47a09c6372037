"""The rounds of one table: what is new behind the newest row read, and everything from the window's floor on again.

Many rows may share one cursor, so the window can be large. Then what is new goes before it, between its pages, and
reading it takes only a part of the time; a small window is read in every round, and what is new with it.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa

from connectors.errors import SourceUnavailable
from connectors.sources.sql_polling import queries
from connectors.sources.sql_polling.tables import Found, Table
from connectors.sources.sql_polling.window import Window

#: A large window is read at most one part in this many of the time.
_WINDOW_SHARE: Final = 5


@dataclass(slots=True)
class _Walk:
    """One reading to the end, page by page."""

    begun: float
    after: Found | None
    pages: int = 0


class Rounds:
    """One page a step. A walk ends with a page that is not full."""

    def __init__(
        self, table: Table, window: Window, *, every: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.table = table
        self._window = window
        self._every = every
        self._clock = clock
        self._newest: Found | None = None
        self._ahead: _Walk | None = None
        self._again: _Walk | None = None
        self._again_is_small = True
        self._ahead_due = self._again_due = clock()

    @property
    def floor(self) -> Any:
        """What to keep, so that a restart misses nothing."""
        return self._window.floor

    @property
    def due(self) -> float:
        """The moment of the next step."""
        return 0.0 if self._ahead or self._again else min(self._ahead_due, self._again_due)

    def hasten(self) -> None:
        """What is new is to be read now."""
        self._ahead_due = min(self._ahead_due, self._clock())

    def step(self, connection: sa.Connection) -> list[Found]:
        """The next page. Raises SourceUnavailable where the pages do not come to an end, and sa's errors."""
        walk = self._choose()
        page = queries.page_of_changes(connection, self.table, since=self._window.floor, after=walk.after)
        if len(page) == queries.PAGE and _place(page[-1]) == _place(walk.after):
            raise SourceUnavailable(
                f"reading {self.table.resource}: its cursor {self.table.cursor.name} is finer than the driver tells; "
                "name a column of whole microseconds, or a number, under `connect: cursors`"
            )
        walk.after = page[-1] if page else walk.after
        walk.pages += 1
        if len(page) < queries.PAGE:
            self._end(walk)
        return page

    def _choose(self) -> _Walk:
        now = self._clock()
        small = self._again is None and self._again_due <= now and self._again_is_small
        covered = small or self._newest is None
        if self._ahead is None and self._ahead_due <= now and not covered:
            self._ahead = _Walk(now, self._newest)
        if self._ahead is not None:
            return self._ahead
        self._again = self._again or _Walk(now, None)
        return self._again

    def _end(self, walk: _Walk) -> None:
        now = self._clock()
        self._newest = walk.after
        if walk.after is not None:
            self._window.saw(walk.after.cursor, at=now)
        if walk is self._again:
            self._window.whole(begun=walk.begun)
            self._again_is_small = walk.pages == 1
            pause = 0.0 if self._again_is_small else (_WINDOW_SHARE - 1) * (now - walk.begun)
            self._again, self._again_due = None, now + max(self._every, pause)
        self._ahead, self._ahead_due = None, now + self._every


def _place(found: Found | None) -> tuple[Any, Any]:
    return (found.cursor, found.key) if found else (None, None)
