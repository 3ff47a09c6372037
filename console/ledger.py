"""Sums the topic `outcomes`: how many records met which end, and how far each delivery topic has been read."""

from collections import Counter
from typing import Literal, TypeAlias

from console.reading import BEGINNING, Place
from schemas.records import Outcome, Result
from schemas.topics import to

Role: TypeAlias = Literal["source", "sink"]
_Identity: TypeAlias = tuple[str | int | None, ...]


class Ledger:
    """What the outcomes say so far. Repeats, which a source or sink may make after a crash, count once."""

    def __init__(self) -> None:
        self._seen: set[_Identity] = set()
        self._counts: Counter[tuple[Result, str, str, bool]] = Counter()
        self._held_fields: Counter[tuple[str, str]] = Counter()
        #: Offset after the last one with an end, by place; places without any are missing.
        self.ended: dict[Place, int] = {}
        #: Where to go on reading `outcomes`.
        self.position = BEGINNING

    def take(self, outcome: Outcome) -> None:
        """Count one outcome."""
        identity = _identity(outcome)
        if identity in self._seen:
            return
        self._seen.add(identity)
        system, entity = outcome["system"], outcome["entity"]
        if outcome["field"] is not None:
            # A field that waits for a person: its record has an end of its own.
            self._held_fields[system, entity] += outcome["count"]
            return
        by_sink = outcome["topic"] == to(system, entity)
        self._counts[outcome["result"], system, entity, by_sink] += outcome["count"]
        if outcome["topic"]:
            place = (outcome["topic"], outcome["partition"])
            self.ended[place] = max(self.ended.get(place, 0), outcome["last"] + 1)

    def count(self, result: Result, system: str, entity: str) -> int:
        """Records of one entity that met this end, by the system that the outcome names."""
        return self._counts[result, system, entity, False] + self._counts[result, system, entity, True]

    def quarantined(self, system: str, entity: str, *, role: Role) -> int:
        """Dead letters on the way from the system's source, or to its sink."""
        return self._counts["quarantined", system, entity, role == "sink"]

    def held_fields(self, system: str, entity: str) -> int:
        """Fields that the system published and that waited for a person, in records that flowed on without them."""
        return self._held_fields[system, entity]


def _identity(outcome: Outcome) -> _Identity:
    """The same for the same end of the same records, whoever says it."""
    return (
        outcome["result"],
        outcome["system"],
        outcome["entity"],
        outcome["topic"],
        outcome["partition"],
        outcome["epoch"],
        outcome["first"],
        outcome["last"],
        outcome["reason"],
        outcome["field"],
        # Parts of one snapshot, or of one large transaction, bear one commit: their first event tells them apart.
        outcome["event_id"],
    )
