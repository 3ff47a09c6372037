"""Events of rows that are read from the table itself, and the markers around them."""

import time
from collections.abc import Sequence
from typing import NamedTuple

from connectors.sources.postgres_capture.relations import Published, join_names
from connectors.sources.postgres_capture.tuples import row_of_cells
from connectors.values import Change
from schemas.records import ChangeEvent, Operation, Row

Cells = Sequence[bytes | None]


class Stamp(NamedTuple):
    """What events that are read together share: `commit` is their position, `time` the server's clock."""

    system: str
    epoch: int
    commit: int
    time: int


class RowEvents:
    """Makes the events of one table as it is structured now, each for every entity that the table feeds."""

    def __init__(self, published: Published) -> None:
        self._published = published
        self._shape = published.shapes.of(published.table.columns)
        names = [column.name for column in published.table.columns]
        self._key_places = [names.index(column) for column in published.table.primary_key]

    def key(self, cells: Cells) -> list[bytes]:
        """The primary key of a row."""
        return [cells[place] or b"" for place in self._key_places]

    def name(self, cells: Cells) -> str:
        """The row's name: the text of its primary key."""
        return join_names([part.decode("utf-8", "surrogateescape") for part in self.key(cells)])

    def values(self, cells: Cells) -> Row:
        """The row, typed as the stream types it."""
        return row_of_cells(self._shape.readers, cells)

    def read(self, name: str, row: Row, stamp: Stamp, ordinal: int) -> list[Change]:
        """That the row is there."""
        return self._event("read", name, row, stamp, ordinal)

    def marker(self, operation: Operation, stamp: Stamp, ordinal: int) -> list[Change]:
        """Of the whole table."""
        return self._event(operation, "", None, stamp, ordinal)

    def _event(self, operation: Operation, name: str, row: Row | None, stamp: Stamp, ordinal: int) -> list[Change]:
        event: ChangeEvent = {
            "operation": operation,
            "system": stamp.system,
            "resource": self._published.table.resource,
            "row": name,
            "previous_row": None,
            "new_key": None,
            "epoch": stamp.epoch,
            "commit": stamp.commit,
            "ordinal": ordinal,
            "edit": 0,
            "transaction": None,
            "source_time": stamp.time,
            "captured_time": time.time_ns() // 1000,
            "before": None,
            "after": row,
        }
        first, *others = self._published.entities
        return [
            Change(first, event, self._shape.avro),
            *(Change(entity, event.copy(), self._shape.avro) for entity in others),
        ]
