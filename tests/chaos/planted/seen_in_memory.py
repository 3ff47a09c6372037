"""Checks of the streams over a Kafka in memory: random histories, and what must hold whatever happened.

Each returns what is wrong, the first of it, and None where nothing is.
"""

import random
import traceback
from collections.abc import Callable

from pytest import MonkeyPatch

from schemas import topics
from streams import emit
from streams.errors import Unprocessable
from tests.chaos import memory_city
from tests.chaos.calm_officers import CALM
from tests.chaos.memory_city import MemoryCity
from tests.unit.streams.histories import (
    History,
    assert_no_key_went_back,
    assert_targets_hold_the_truth,
    values,
)
from tests.unit.streams.simulation import HUGE_NAME, KEYS, LIMIT, SUBSCRIBERS, Simulation

#: Random histories that are tried until one shows something.
SEEDS = 120
#: So often the engine hands out the same records before it gives them up.
ATTEMPTS = 3


def histories(*, bad: float = 0.0) -> str | None:
    """Rows come, change, leave and return, in two systems; what their targets hold is told by the tables."""
    with MonkeyPatch.context() as patch:
        patch.setattr(emit, "LARGEST_VALUE", LIMIT)
        return _first(lambda seed: _history(random.Random(seed), bad=bad))


def quarantine() -> str | None:
    """The same, where some of what the tables say cannot be read."""
    return histories(bad=0.25)


def _history(chance: random.Random, *, bad: float) -> None:
    simulation = Simulation()
    history = History(simulation, chance, bad=bad)
    history.run(chance.randint(1, 12))
    history.finish()
    assert_targets_hold_the_truth(simulation)
    assert_no_key_went_back(simulation)


def restored_database() -> str | None:
    """A source is restored from its backup, and counts its commits anew."""

    def run(seed: int) -> None:
        simulation, chance = Simulation(), random.Random(seed)
        history = History(simulation, chance, bad=0.0)
        history.run(chance.randint(2, 8))
        simulation.capture_all()
        for source in simulation.sources.values():
            source.commit = 0
            source.snapshot()
        history.run(2)
        history.finish()
        assert_targets_hold_the_truth(simulation)

    return _first(run)


def lost_outputs() -> str | None:
    """What was sent last is lost on its way, and its source, which was not confirmed, says it again."""

    def run(seed: int) -> None:
        simulation, chance = Simulation(), random.Random(seed)
        source = simulation.sources["a"]
        for number in range(3):
            source.begin()
            source.insert(KEYS[number], values(chance) | {"ten": str(number)})
            simulation.capture_all()
            while simulation.work(0, 10):
                pass
        for system in SUBSCRIBERS[:2]:
            simulation.kafka.logs[topics.to(system, "person"), 0].pop()
        simulation.resend("a", 1)
        while simulation.work(0, 10):
            pass
        assert_targets_hold_the_truth(simulation)

    return _first(run, seeds=3)


def retried_letter() -> str | None:
    """What went to the dead letters is sent again, as it is, once there is room for it."""

    def run(_: int) -> None:
        simulation, said = Simulation(), values(random.Random(1))
        source = simulation.sources["a"]
        source.begin()
        source.insert(KEYS[0], said)
        simulation.capture_all()
        while simulation.work(0):
            pass
        with MonkeyPatch.context() as patch:
            patch.setattr(emit, "LARGEST_VALUE", len(HUGE_NAME) // 2)
            source.begin()
            source.update("1", so=KEYS[0], values=said | {"ten": HUGE_NAME})
            simulation.capture_all()
            while simulation.work(0):
                pass
        assert simulation.kafka.logs[topics.DEAD_LETTERS, 0], "the record that is too large was not refused"
        simulation.resend("a", 1)
        while simulation.work(0):
            pass
        assert_targets_hold_the_truth(simulation)

    return _first(run, seeds=1)


def standing_partitions() -> str | None:
    """Some of what the tables say cannot be read; every partition goes on."""

    def run(seed: int) -> None:
        simulation, chance = Simulation(), random.Random(seed)
        history = History(simulation, chance, bad=0.25)
        simulation.work = _like_the_engine(simulation)  # type: ignore[method-assign]
        history.run(chance.randint(1, 12))
        history.work_all()

    return _first(run)


def _like_the_engine(simulation: Simulation) -> Callable[..., bool]:
    work = simulation.work

    def patiently(choice: int, size: int = 1) -> bool:
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return work(choice, size)
            except Unprocessable as refused:
                place = simulation.ready()[choice % len(simulation.ready())]
                assert attempt < ATTEMPTS, f"{place} stands still at a record that cannot be processed: {refused}"
        return False

    return patiently


def five_systems() -> str | None:
    """The city of five systems, two of which are told by their own tables what they have been sent."""

    def run(seed: int) -> None:
        city = MemoryCity(random.Random(seed))
        city.work(60)
        city.come_to_rest()
        wrong = city.differences()
        assert not wrong, wrong[0]

    with MonkeyPatch.context() as patch:
        for name, officer in zip(("CivilStatus", "Population", "Business"), CALM.values(), strict=True):
            patch.setattr(memory_city, name, officer)
        return _first(run, seeds=12)


def _first(run: Callable[[int], None], *, seeds: int = SEEDS) -> str | None:
    for seed in range(seeds):
        try:
            run(seed)
        except AssertionError as found:
            last = traceback.extract_tb(found.__traceback__)[-1]
            return f"seed {seed}: {' '.join(str(found).split())[:300]} ({last.line})"
    return None
