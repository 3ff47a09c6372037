"""However far apart the owners of the keys are: no key of the target goes back in time, none shows a state twice."""

import random
from collections.abc import Callable

import pytest

from tests.unit.streams.crash_city import KEYS, CrashCity, Target
from tests.unit.streams.histories import in_every_order

#: Histories that have once gone wrong: keys that went back, states that were written twice, rows that were lost.
_ONCE_BACK = (843, 1408, 2021, 2620)
_ONCE_TWICE = (244, 950, 1187, 1661, 2515, 2653, 3203, 3213)
_ONCE_LOST = (1468, 1606, 1996, 2569, 2880)


ONE, TWO = KEYS[:2]


def _a_number_is_given_and_taken_away(city: CrashCity) -> None:
    city.table.insert("1", None, uid="1")
    for so in (ONE, None, None):
        city.table.write("1", so)


def _a_number_goes_to_another_row(city: CrashCity) -> None:
    city.table.insert("1", None, uid="1")
    for row, so in (("1", ONE), ("1", None)):
        city.table.write(row, so)
    city.table.insert("2", ONE, uid="2")
    city.table.delete("2")


def _a_row_number_is_given_anew(city: CrashCity) -> None:
    city.table.insert("1", None, uid="1")
    city.table.write("1", ONE)
    city.table.delete("1")
    city.table.insert("1", None, uid="2")


@pytest.mark.parametrize(
    "write", [_a_number_is_given_and_taken_away, _a_number_goes_to_another_row, _a_row_number_is_given_anew]
)
def test_in_every_order(write: Callable[[CrashCity], None]) -> None:
    def prepare(city: CrashCity) -> None:
        city.table.begin()
        write(city)
        city.capture()

    orders = 0
    for city in in_every_order(lambda: CrashCity(random.Random(1)), prepare):
        orders += 1
        _assert_clean(city)
    assert orders > 1, "the history leaves no choice: it tests nothing"
    print(f"{write.__name__}: {orders} orders")


def _assert_clean(city: CrashCity) -> None:
    target = Target()
    target.take(city.deliveries())
    assert target.rows == city.expected()
    assert not target.faults()


def _check(seed: int, *, longest: int = 16) -> None:
    chance = random.Random(seed)
    city = CrashCity(chance)
    city.run(chance.randint(3, longest))
    _assert_clean(city)


@pytest.mark.parametrize("seed", [*_ONCE_BACK, *_ONCE_TWICE, *_ONCE_LOST])
def test_what_has_once_gone_wrong(seed: int) -> None:
    _check(seed)


def test_what_a_row_said_before_it_left_does_not_come_back_when_its_link_ends() -> None:
    _check(302172, longest=20)


@pytest.mark.parametrize("block", range(2))
def test_random_histories_leave_a_clean_history_in_the_target(block: int) -> None:
    for seed in range(block * 100, block * 100 + 100):
        _check(seed)
