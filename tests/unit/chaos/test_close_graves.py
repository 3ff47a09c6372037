"""Graves are closed in the middle of random histories: nobody may notice, where everybody had heard of them."""

import random

import pytest

from tests.chaos.memory_city import MemoryCity


def _wrong(seed: int, *, waits: bool) -> tuple[list[str], int]:
    """What is wrong in the end, and how many graves were closed on the way."""
    city, closed = MemoryCity(random.Random(seed)), 0
    try:
        for edits in (60, 120, 180):
            city.work(edits)
            if waits:
                city.come_to_rest()
            closed += city.close_graves()
        city.come_to_rest()
    except AssertionError as error:
        return [str(error)], closed
    return [*city.differences(), *map(str, city.dead_letters())], closed


@pytest.mark.parametrize("seed", range(4))
def test_nobody_notices_that_graves_were_closed(seed: int) -> None:
    wrong, closed = _wrong(seed, waits=True)
    assert wrong == []
    assert closed > 0


def test_graves_that_are_closed_early_are_noticed() -> None:
    assert any(_wrong(seed, waits=False)[0] for seed in range(15, 40))
