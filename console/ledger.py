"""How many records met which end, and how far each delivery topic has been read: what the store knows, and what the
topic `outcomes` has said since."""

from collections import Counter
from typing import Literal, TypeAlias

from console.reading import BEGINNING, Place
from console.store.database import StoreUnavailable, connect, store_dsn
from console.store.figures import Figures, read_figures
from schemas.records import Outcome, Result
from schemas.secret_references import SecretMissing
from schemas.settings import Settings
from schemas.topics import to

Role: TypeAlias = Literal["source", "sink"]
_Identity: TypeAlias = tuple[str | int | None, ...]


class Ledger:
    """What the outcomes say so far. Repeats, which a source or sink may make after a crash, count once."""

    def __init__(self, known: Figures | None = None) -> None:
        """`known`: of all time, by the store; without it, all outcomes have to be read."""
        self._seen: set[_Identity] = set()
        self._counts: Counter[tuple[str, str, str, bool]] = Counter()
        self._held_fields: Counter[tuple[str, str]] = Counter()
        #: Offset after the last one with an end, by place; places without any are missing.
        self.ended: dict[Place, int] = {}
        #: Where to go on reading `outcomes`.
        self.position = BEGINNING
        if known is not None:
            self._begin_with(known)

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

    def _begin_with(self, known: Figures) -> None:
        for (result, system, entity, place), count in known.counts.items():
            if place == "field":
                self._held_fields[system, entity] += count
            else:
                self._counts[result, system, entity, place == "to"] += count
        self.ended.update(known.ended)
        self.position = known.position

    def count(self, result: Result, system: str, entity: str) -> int:
        """Records of one entity that met this end, by the system that the outcome names."""
        return self._counts[result, system, entity, False] + self._counts[result, system, entity, True]

    def quarantined(self, system: str, entity: str, *, role: Role) -> int:
        """Dead letters on the way from the system's source, or to its sink."""
        return self._counts["quarantined", system, entity, role == "sink"]

    def held_fields(self, system: str, entity: str) -> int:
        """Fields that the system published and that waited for a person, in records that flowed on without them."""
        return self._held_fields[system, entity]


def begun(settings: Settings) -> Ledger:
    """Where the store stands; where there is none, or it does not answer, before the first outcome."""
    try:
        with connect(store_dsn(settings)) as connection:
            known = read_figures(connection)
    except (StoreUnavailable, SecretMissing):
        return Ledger()
    return Ledger(known if known.position else None)


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
