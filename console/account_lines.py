"""The lines of `lienthong ledger`: one a publisher, one a subscriber, each with its balance."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from console.store.balance import Balance, balances
from console.store.figures import Figures
from schemas.catalogue import Catalogue

#: What became of what a system published, and of what a subscriber was due; in the order of their columns.
PUBLISHED = ("captured", "standing", "processed", "superseded", "quarantined", "held")
RECEIVED = ("routed", "delivered", "filtered", "unchanged", "echo", "quarantined", "superseded")
_NOTHING = Balance(0, 0, 0, 0, 0)
_ALL_PLACES = ("raw", "identify", "to")


@dataclass(frozen=True)
class Line:
    """One system in one role. `in_flight` and `imbalance` are of now; `counts` of the window."""

    system: str
    entity: str
    counts: dict[str, int] = field(default_factory=dict)
    in_flight: int = 0
    imbalance: int = 0


def published(catalogue: Catalogue, figures: Figures) -> Iterator[Line]:
    """Every publisher: what it captured, what stands in Kafka (repeats included), and the end that each record met."""
    legs = balances(figures.accounts)
    for entity in catalogue.entities():
        for system in catalogue.publishers(entity):
            balance = legs.get((system, entity, ""), _NOTHING)
            sums = _Sums(figures, system, entity)
            counts = {
                "captured": sums.of("captured", ""),
                "standing": balance.due,
                "processed": sums.of("processed", "raw"),
                "superseded": sums.of("superseded", "raw"),
                "quarantined": sums.of("quarantined", "", "raw", "identify"),
                "held": sums.of("held", "field"),
            }
            yield Line(system, entity, counts, balance.in_flight, balance.imbalance)


def received(catalogue: Catalogue, figures: Figures) -> Iterator[Line]:
    """Every subscriber: what was routed to it, and what it was spared, and the end that each delivery met."""
    legs = balances(figures.accounts)
    for entity in catalogue.entities():
        for system in catalogue.subscribers(entity):
            balance = legs.get(("", entity, system), _NOTHING)
            sums = _Sums(figures, system, entity)
            counts = {name: sums.of(name, *_ALL_PLACES) for name in ("routed", "filtered", "unchanged", "echo")}
            counts |= {name: sums.of(name, "to") for name in ("delivered", "quarantined")}
            counts["superseded"] = balance.superseded
            yield Line(system, entity, counts, balance.in_flight, balance.imbalance)


@dataclass(frozen=True)
class _Sums:
    figures: Figures
    system: str
    entity: str

    def of(self, result: str, *places: str) -> int:
        return sum(self.figures.counts.get((result, self.system, self.entity, place), 0) for place in places)
