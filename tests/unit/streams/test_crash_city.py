"""However far apart the owners of the keys are: no key of the target goes back in time, none shows a state twice."""

import random

import pytest

from tests.unit.streams.crash_city import CrashCity, Target

#: Histories that have once gone wrong: keys that went back, states that were written twice, rows that were lost.
_ONCE_BACK = (843, 1408, 2021, 2620)
_ONCE_TWICE = (1661, 2515, 2653, 3203, 3213)
_ONCE_LOST = (1468, 1606, 1996, 2569, 2880)


def _check(seed: int) -> None:
    chance = random.Random(seed)
    city, target = CrashCity(chance), Target()
    city.run(chance.randint(3, 16))
    target.take(city.deliveries())
    assert target.rows == city.expected(), f"seed {seed}"
    assert not target.faults(), f"seed {seed}"


@pytest.mark.parametrize("seed", [*_ONCE_BACK, *_ONCE_TWICE, *_ONCE_LOST])
def test_what_has_once_gone_wrong(seed: int) -> None:
    _check(seed)


@pytest.mark.parametrize("block", range(2))
def test_random_histories_leave_a_clean_history_in_the_target(block: int) -> None:
    for seed in range(block * 100, block * 100 + 100):
        _check(seed)
