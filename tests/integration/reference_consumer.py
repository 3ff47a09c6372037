"""What the events of a source add up to, by the rules that workers follow: positions decide, markers leave a floor."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from schemas.records import ChangeEvent

Position = tuple[int, int, int]
_NOWHERE: Position = (-1, 0, 0)


@dataclass
class Consumer:
    """Rows of one resource, as heard. `wrongs`: what should never be heard, empty when all was well.

    `newest` tells of a row a number that grows with its changes; a row must never go back to a smaller one.
    """

    resource: str
    newest: str | None = None
    rows: dict[str, dict[str, Any]] = field(default_factory=dict)
    retracted: set[str] = field(default_factory=set)
    wrongs: list[str] = field(default_factory=list)
    floor: Position = _NOWHERE
    _places: dict[str, Position] = field(default_factory=dict)
    _numbers: dict[str, int] = field(default_factory=dict)

    def read(self, events: Iterable[ChangeEvent | Mapping[str, Any]]) -> "Consumer":
        """The next events, in their order."""
        for event in events:
            if event["resource"] == self.resource:
                self._take(event)
        return self

    def say(self, row: str, place: Position, after: dict[str, Any] | None) -> None:
        """One row as it is at a place."""
        if place < self.floor or place < self._places.get(row, _NOWHERE):
            return
        self._places[row] = place
        if after is None:
            self.rows.pop(row, None)
            return
        if self.newest is not None:
            number = int(after[self.newest])
            if number < self._numbers.get(row, 0):
                self.wrongs.append(f"row {row} went from {self._numbers[row]} back to {number} at {place}")
            self._numbers[row] = number
        self.rows[row] = after

    def _take(self, event: Any) -> None:
        place = event["epoch"], event["commit"], event["ordinal"]
        if event["operation"] == "snapshot_end":
            self._raise_floor((event["epoch"], 0, 0))
        elif event["operation"] == "truncate":
            self._raise_floor(place)
        elif event["operation"] != "snapshot_begin":
            if event["previous_row"] is not None:
                self.say(event["previous_row"], place, None)
            self.say(event["row"], place, event["after"])

    def _raise_floor(self, floor: Position) -> None:
        self.floor = max(self.floor, floor)
        gone = {row for row in self.rows if self._places[row] < self.floor}
        self.retracted |= gone
        for row in gone:
            del self.rows[row]
