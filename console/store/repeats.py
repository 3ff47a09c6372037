"""What was said before: a range that comes twice, by whom and cut however, counts once."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple, TypeAlias

from psycopg import Connection

from schemas.records import Outcome

_Line: TypeAlias = tuple[str, str, str, int]


class Known(NamedTuple):
    """A range that is kept already."""

    first: int
    last: int
    records: int


class Frontiers:
    """How far each kind of range reaches, by result, system and partition. What begins behind that is new."""

    def __init__(self, lasts: dict[_Line, int]) -> None:
        self._lasts = lasts
        self._moved: set[_Line] = set()

    @classmethod
    def read(cls, connection: Connection[Any]) -> "Frontiers":
        """As they were kept."""
        rows = connection.execute("SELECT result, system, topic, partition, last FROM frontiers")
        return cls({(result, system, topic, partition): last for result, system, topic, partition, last in rows})

    def reaches(self, outcome: Outcome) -> bool:
        """Whether some of the range, or something behind it, is known: it is a repeat, or comes late."""
        return outcome["first"] <= self._lasts.get(_line(outcome), -1)

    def take(self, outcome: Outcome) -> None:
        """The range is kept now."""
        line = _line(outcome)
        if outcome["last"] > self._lasts.get(line, -1):
            self._lasts[line] = outcome["last"]
            self._moved.add(line)

    def copy(self) -> "Frontiers":
        """For a transaction that may fail."""
        return Frontiers(dict(self._lasts))

    def save(self, connection: Connection[Any]) -> None:
        """Those that have moved."""
        rows = [(*line, self._lasts[line]) for line in self._moved]
        if rows:
            connection.execute(
                "INSERT INTO frontiers "
                "SELECT * FROM unnest(%s::text[], %s::text[], %s::text[], %s::int[], %s::bigint[]) "
                "ON CONFLICT (result, system, topic, partition) DO UPDATE SET last = excluded.last",
                [list(column) for column in zip(*rows, strict=True)],
            )
            self._moved.clear()


def uncovered(outcome: Outcome, known: Sequence[Known]) -> int:
    """How many of a range's records are in none of the `known` ranges, which overlap it and are in order.

    Exact where the known ranges cover it, or lie within it, as they do when a process repeats what it, or its
    predecessor, has said. What a range shares with one that reaches beyond it is counted by offsets.
    """
    first, last = outcome["first"], outcome["last"]
    if _cover(known, first, last):
        return 0
    shared = sum(
        each.records
        if first <= each.first and each.last <= last
        else min(each.records, min(each.last, last) - max(each.first, first) + 1)
        for each in known
    )
    return max(0, outcome["count"] - shared)


def _cover(known: Iterable[Known], first: int, last: int) -> bool:
    reached = first - 1
    for each in known:
        if each.first > reached + 1:
            return False
        reached = max(reached, each.last)
    return reached >= last


def _line(outcome: Outcome) -> _Line:
    return outcome["result"], outcome["system"], outcome["topic"], outcome["partition"]
