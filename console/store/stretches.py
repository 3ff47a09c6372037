"""What stands in a topic, counted by whoever reads it: stretches of offsets, and what within them is no record."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

#: A hole that is longer ends the stretch: compaction leaves holes of any length, transactions one of one offset each.
LONGEST_HOLE: Final = 16


@dataclass(slots=True)
class Stretch:
    """Offsets from `first` to `last`, both of records; `gaps` within are none. Times in microseconds since 1970."""

    first: int
    last: int
    oldest: int
    newest: int
    gaps: list[int] = field(default_factory=list)

    @property
    def count(self) -> int:
        """Its records."""
        return self.last - self.first + 1 - len(self.gaps)

    def within(self, begin: int, end: int) -> int:
        """Its records from offset `begin`, and before `end`."""
        low, high = max(begin, self.first), min(end, self.last + 1)
        return max(0, high - low) - sum(1 for gap in self.gaps if low <= gap < high)


def stretches(records: Iterable[tuple[int, int]]) -> list[Stretch]:
    """Of (offset, time) of each record of one partition, in the order of offsets."""
    found: list[Stretch] = []
    now: Stretch | None = None
    for offset, time in records:
        if now is None or offset - now.last > LONGEST_HOLE:
            now = Stretch(offset, offset, time, time)
            found.append(now)
            continue
        if offset != now.last + 1:
            now.gaps.extend(range(now.last + 1, offset))
        now.last = offset
        if time > now.newest:
            now.newest = time
        elif time < now.oldest:
            now.oldest = time
    return found


def between(standing: Sequence[Stretch], begin: int, end: int) -> int:
    """The records of these stretches from offset `begin`, and before `end`."""
    return sum(stretch.within(begin, end) for stretch in standing)
