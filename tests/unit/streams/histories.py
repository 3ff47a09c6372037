"""Random histories of several rows and systems, and every order in which small ones can be processed."""

import random
from collections.abc import Callable, Iterator, Sequence
from typing import Protocol, TypeVar

from tests.unit.streams.simulation import BAD_DATE, HUGE_NAME, KEYS, SUBSCRIBERS, Simulation, Source, applied

_OPERATIONS = {
    "insert": 6,
    "update": 6,
    "rekey": 8,
    "swap": 2,
    "delete": 4,
    "rename_row": 2,
    "resend": 2,
    "truncate": 1,
    "snapshot": 1,
    "go_blind": 1,
}


def values(chance: random.Random, bad: float = 0.0) -> dict[str, str | None]:
    """What a row says beside its key; with probability `bad` its date cannot be read, or its name is too long."""
    return {
        "ten": HUGE_NAME if chance.random() < bad / 3 else chance.choice("ABCD"),
        "sinh": BAD_DATE if chance.random() < bad else chance.choice(("1990", "1991")),
        "xa": chance.choice(("00001", "00002")),
        "dt": chance.choice(("+84912345678", "+84912345679", None)),
    }


class History:
    """Drives the sources of a simulation; every decision is taken by `chance`."""

    def __init__(self, simulation: Simulation, chance: random.Random, *, bad: float) -> None:
        self._simulation = simulation
        self._chance = chance
        self._bad = bad

    def run(self, transactions: int) -> None:
        """Transactions, and between them captures and work of any partition."""
        for _ in range(transactions):
            self._transaction(self._simulation.sources[self._chance.choice("aab")])
            if self._chance.random() < 0.6:
                self._simulation.capture_all()
            for _ in range(self._chance.choice((0, 0, 1, 3, 10))):
                self.work()

    def finish(self) -> None:
        """Blind sources see again, and what could not be read is mended at the source; then all work is done."""
        for source in self._simulation.sources.values():
            if source.is_blind:
                source.snapshot()
            source.begin()
            for name, row in list(source.rows.items()):
                if row.is_bad:
                    source.update(name, so=row.so, values=values(self._chance))
        self._simulation.capture_all()
        self.work_all()

    def work_all(self) -> None:
        """Until nothing is left."""
        while self.work():
            pass

    def work(self) -> bool:
        """One batch."""
        return self._simulation.work(self._chance.randrange(10**6), self._chance.choice((1, 1, 2, 5)))

    def _transaction(self, source: Source) -> None:
        operation = self._chance.choices(list(_OPERATIONS), list(_OPERATIONS.values()))[0]
        source.begin()
        if not source.rows and operation not in ("truncate", "snapshot", "go_blind", "resend"):
            operation = "insert"
        repeated = operation in ("insert", "update", "rekey", "swap", "rename_row")
        for _ in range(self._chance.choice((1, 1, 2)) if repeated else 1):
            getattr(self, f"_{operation}")(source)

    def _some(self, source: Source) -> str:
        return self._chance.choice(sorted(source.rows))

    def _insert(self, source: Source) -> None:
        source.insert(self._chance.choice(KEYS), values(self._chance, self._bad))

    def _update(self, source: Source) -> None:
        name = self._some(source)
        source.update(name, so=source.rows[name].so, values=values(self._chance, self._bad))

    def _rekey(self, source: Source) -> None:
        source.update(self._some(source), so=self._chance.choice(KEYS), values=values(self._chance, self._bad))

    def _rename_row(self, source: Source) -> None:
        name = self._some(source)
        so = self._chance.choice((source.rows[name].so, self._chance.choice(KEYS)))
        new_name = str(self._chance.randint(1, 9))
        source.update(name, so=so, values=values(self._chance, self._bad), new_name=new_name)

    def _swap(self, source: Source) -> None:
        one, other = self._some(source), self._some(source)
        first, second = source.rows[one].so, source.rows[other].so
        for name, so in ((one, KEYS[2]), (other, first), (one, second)):
            source.update(name, so=so, values=values(self._chance, self._bad))

    def _delete(self, source: Source) -> None:
        source.delete(self._some(source))

    def _truncate(self, source: Source) -> None:
        source.truncate()

    def _snapshot(self, source: Source) -> None:
        source.snapshot()

    def _go_blind(self, source: Source) -> None:
        source.is_blind = True

    def _resend(self, source: Source) -> None:
        if not source.is_blind:
            self._simulation.resend(source.system, self._chance.randint(1, 6))


class Ordered(Protocol):
    """What can be done in several orders."""

    def ready(self) -> Sequence[object]:
        """The partitions that have something to do."""

    def work(self, choice: int) -> bool:
        """One record of one of them."""


City = TypeVar("City", bound=Ordered)


def in_every_order(make: Callable[[], City], prepare: Callable[[City], None], *, limit: int = 20_000) -> Iterator[City]:
    """The city after each order in which Kafka could hand out what `prepare` has captured.

    `prepare` works off what is to be settled beforehand. Raises AssertionError where there are more than `limit`.
    """
    choices: list[int] = []
    for _ in range(limit):
        simulation = make()
        prepare(simulation)
        options: list[int] = []
        while ready := simulation.ready():
            if len(options) == len(choices):
                choices.append(0)
            options.append(len(ready))
            simulation.work(choices[len(options) - 1])
        yield simulation
        while choices and choices[-1] + 1 == options[len(choices) - 1]:
            choices.pop()
        if not choices:
            return
        choices[-1] += 1
    raise AssertionError(f"more than {limit} orders: take a smaller history")


def assert_targets_hold_the_truth(simulation: Simulation) -> None:
    """Every target, and one that starts only now from the compacted topic, hold what the tables say."""
    for system in SUBSCRIBERS:
        expected = simulation.expected(system)
        assert applied(simulation.deliveries(system), system) == expected, system
        assert applied(simulation.compacted(system), system) == expected, f"{system}, from the compacted topic"


def assert_no_key_went_back(simulation: Simulation) -> None:
    """The versions of one key only rise, and everything routed is counted."""
    for system in SUBSCRIBERS:
        newest: dict[str, int] = {}
        for delivery in simulation.deliveries(system):
            assert delivery["version"] >= newest.get(delivery["key"], 0)
            newest[delivery["key"]] = delivery["version"]
        assert simulation.routed(system) == len(simulation.deliveries(system))
