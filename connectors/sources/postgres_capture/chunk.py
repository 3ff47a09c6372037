"""Rows of one table that are read while its changes go on being streamed, and which of them may be handed out.

All rows of a chunk are seen by one statement. Every transaction that the stream had shown before is in it (else the
chunk is not begun); of all others nobody knows, so a row that the stream speaks of while the chunk is read is left to
the stream. Once the stream has passed `high`, a place in the WAL behind everything that the statement can have seen,
what is left is the last word on its rows.
"""

from collections.abc import Iterable
from typing import NamedTuple, Protocol

from connectors.sources.postgres_capture.row_events import Stamp
from connectors.values import Change
from schemas.records import Operation, Row


class RowRead(NamedTuple):
    """One row of a chunk. `key`: its primary key as the database spells it; `size` in bytes."""

    name: str
    key: list[bytes]
    row: Row
    size: int


class Events(Protocol):
    """Makes the events of a table. See `row_events.RowEvents`."""

    def read(self, name: str, row: Row, stamp: Stamp, ordinal: int) -> list[Change]:
        """That the row is there."""

    def marker(self, operation: Operation, stamp: Stamp, ordinal: int) -> list[Change]:
        """Of the whole table."""


class Begun(NamedTuple):
    """What is known of a chunk before its rows come. `time`: the server's, in microseconds since 1970; `expected`: rows
    of the whole table, as the database estimates them.
    """

    high: int
    time: int
    expected: int
    events: Events


class Chunk:
    """One chunk of at most `limit` rows, in the order of the primary key."""

    def __init__(self, begun: Begun, resource: str, *, limit: int) -> None:
        self.begun = begun
        self.limit = limit
        #: Whether all rows are here.
        self.complete = False
        self.rows: list[RowRead] = []
        self._resource = resource
        self._changed: set[str] = set()

    def saw(self, changes: Iterable[Change]) -> None:
        """The stream has these changes. A table is not emptied while it is read: that stands behind `high`."""
        for _, event, _ in changes:
            if event["resource"] == self._resource:
                self._changed.add(event["row"])
                if event["previous_row"] is not None:
                    self._changed.add(event["previous_row"])

    def standing(self) -> list[RowRead]:
        """The rows that no change has overtaken."""
        return [row for row in self.rows if row.name not in self._changed]
