"""People known by several numbers: wherever their rows are written and whatever arrives first, all ends as it must."""

import random

import pytest

from tests.unit.streams.clerks import Clerks
from tests.unit.streams.registers import REGISTERS, SUBSCRIBERS
from tests.unit.streams.simulation import applied
from tests.unit.streams.who_is_who import Undecided, WhoIsWho


def assert_everybody_holds_the_truth(clerks: Clerks) -> None:
    simulation = clerks.simulation
    truth = WhoIsWho(clerks.registers)
    for system in SUBSCRIBERS:
        expected = truth.expected(system)
        assert applied(simulation.deliveries(system), system, REGISTERS) == expected, system
        assert applied(simulation.compacted(system), system, REGISTERS) == expected, (
            f"{system}, from the compacted topic"
        )


def run(seed: int, *, bad: float = 0.0, replays: int = 0) -> Clerks:
    clerks = Clerks(random.Random(seed), bad=bad)
    clerks.write(random.Random(seed).randint(1, 12))
    clerks.finish()
    for _ in range(replays):
        clerks.simulation.remap()
        clerks.work_all()
    return clerks


@pytest.mark.parametrize("bad", [0.0, 0.2])
@pytest.mark.parametrize("block", range(4))
def test_random_histories_end_as_the_registers_say(bad: float, block: int) -> None:
    for seed in range(block * 100, block * 100 + 100):
        clerks = run(seed, bad=bad)
        try:
            assert_everybody_holds_the_truth(clerks)
        except Undecided:
            continue
