"""The rounds of one table: what is new behind the last row read, and everything from the window's floor on again."""

import time
from collections.abc import Callable
from typing import Any, Final

import sqlalchemy as sa

from connectors.errors import SourceUnavailable
from connectors.sources.sql_polling import queries
from connectors.sources.sql_polling.tables import Found, Table
from connectors.sources.sql_polling.window import Window

#: Reading the window again takes at most one part in this many of the time: many rows may share one cursor.
_WINDOW_SHARE: Final = 5


class Rounds:
    """One page a step. A round ends with a page that is not full."""

    def __init__(
        self, table: Table, window: Window, *, every: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.table = table
        self.window = window
        self._every = every
        self._clock = clock
        self._newest: Found | None = None
        self._after: Found | None = None
        self._begun: float | None = None
        self._whole = True
        self.due = self._whole_due = clock()

    @property
    def floor(self) -> Any:
        """What to keep, so that a restart misses nothing."""
        return self.window.floor

    def hasten(self) -> None:
        """A round is due now."""
        self.due = min(self.due, self._clock())

    def step(self, connection: sa.Connection) -> list[Found]:
        """The next page. Raises SourceUnavailable where the pages do not come to an end, and sa's errors."""
        if self._begun is None:
            self._begin()
        page = queries.page_of_changes(connection, self.table, since=self.window.floor, after=self._after)
        if len(page) == queries.PAGE and _place(page[-1]) == _place(self._after):
            raise SourceUnavailable(
                f"reading {self.table.resource}: its cursor {self.table.cursor.name} is finer than the driver tells; "
                "name a column of whole microseconds, or a number, under `connect: cursors`"
            )
        if page:
            self._after = page[-1]
        if len(page) < queries.PAGE:
            self._end()
        return page

    def _begin(self) -> None:
        self._begun = self._clock()
        self._whole = self._newest is None or self._begun >= self._whole_due
        self._after = None if self._whole else self._newest

    def _end(self) -> None:
        assert self._begun is not None  # noqa: S101 - a step begins before it ends
        now = self._clock()
        if self._whole or self._after is not None:
            self._newest = self._after
        if self._newest is not None:
            self.window.saw(self._newest.cursor, at=now)
        if self._whole:
            self.window.whole(begun=self._begun)
            self._whole_due = now + (_WINDOW_SHARE - 1) * (now - self._begun)
        self._begun = None
        self.due = now + self._every


def _place(found: Found | None) -> tuple[Any, Any]:
    return (found.cursor, found.key) if found else (None, None)
