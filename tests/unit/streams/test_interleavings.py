"""Whatever the order in which Kafka hands out records of different partitions, the targets end as the tables say."""

import random
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from streams import emit
from tests.unit.streams.ends import assert_every_record_has_one_end
from tests.unit.streams.histories import (
    History,
    assert_no_key_went_back,
    assert_targets_hold_the_truth,
    in_every_order,
    values,
)
from tests.unit.streams.simulation import BAD_DATE, HUGE_NAME, KEYS, LIMIT, Simulation

ONE, TWO, THREE, _ = KEYS
GOOD = values(random.Random(1))
BAD = GOOD | {"sinh": BAD_DATE}


@pytest.fixture(autouse=True)
def _small_records(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(emit, "LARGEST_VALUE", LIMIT)


def _run(chance: random.Random, *, bad: float, replays: int) -> Simulation:
    simulation = Simulation()
    history = History(simulation, chance, bad=bad)
    history.run(chance.randint(1, 12))
    history.finish()
    for _ in range(replays):
        simulation.remap()
        history.work_all()
    return simulation


@pytest.mark.parametrize("bad", [0.0, 0.25])
@pytest.mark.parametrize("replays", [0, 1])
@pytest.mark.parametrize("block", range(2))
def test_random_histories_end_as_the_tables_say(bad: float, replays: int, block: int) -> None:
    for seed in range(block * 150, block * 150 + 150):
        simulation = _run(random.Random(seed), bad=bad, replays=replays)
        assert_targets_hold_the_truth(simulation)
        assert_no_key_went_back(simulation)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
@given(st.randoms(use_true_random=False), st.sampled_from([0.0, 0.3]))
def test_histories_that_hypothesis_finds_end_as_the_tables_say(chance: random.Random, bad: float) -> None:
    simulation = _run(chance, bad=bad, replays=0)
    assert_every_record_has_one_end(simulation.kafka, simulation.registry, simulation.offsets)
    assert_targets_hold_the_truth(simulation)
    assert_no_key_went_back(simulation)


def _settled(simulation: Simulation) -> None:
    simulation.capture_all()
    while simulation.work(0, 100):
        pass


def _two_rows_swap_keys(simulation: Simulation) -> None:
    source = simulation.sources["a"]
    source.begin()
    source.insert(ONE, GOOD | {"ten": "A"})
    source.insert(TWO, GOOD | {"ten": "B"})
    _settled(simulation)
    source.begin()
    for name, so in (("1", THREE), ("2", ONE), ("1", TWO)):
        source.update(name, so=so, values=source.rows[name].values)
    simulation.capture_all()


def _a_key_goes_away_and_comes_back(simulation: Simulation) -> None:
    source = simulation.sources["a"]
    source.begin()
    source.insert(ONE, GOOD)
    _settled(simulation)
    for so, name in ((TWO, "A"), (ONE, "B"), (TWO, "C"), (ONE, "D")):
        source.begin()
        source.update("1", so=so, values=GOOD | {"ten": name})
    simulation.capture_all()


def _a_row_changes_its_key_and_is_deleted(simulation: Simulation) -> None:
    source = simulation.sources["a"]
    source.begin()
    source.insert(ONE, GOOD)
    _settled(simulation)
    source.begin()
    source.update("1", so=TWO, values=GOOD)
    source.delete("1")
    simulation.capture_all()


def _another_row_takes_the_key_that_one_left(simulation: Simulation) -> None:
    source = simulation.sources["a"]
    source.begin()
    source.insert(ONE, GOOD | {"ten": "A"})
    _settled(simulation)
    source.begin()
    source.update("1", so=TWO, values=GOOD | {"ten": "A"})
    source.insert(ONE, GOOD | {"ten": "B"})
    source.update("1", so=THREE, values=GOOD | {"ten": "A"})
    source.delete("2")
    source.insert(TWO, GOOD | {"ten": "C"})
    simulation.capture_all()


def _the_table_is_truncated_while_a_claim_is_under_way(simulation: Simulation) -> None:
    source = simulation.sources["a"]
    source.begin()
    source.insert(ONE, GOOD)
    _settled(simulation)
    source.begin()
    source.update("1", so=TWO, values=GOOD)
    source.begin()
    source.truncate()
    simulation.capture_all()


def _a_snapshot_ends_while_the_claim_of_a_row_gone_since_is_under_way(simulation: Simulation) -> None:
    source = simulation.sources["a"]
    source.begin()
    source.insert(ONE, GOOD)
    _settled(simulation)
    source.begin()
    source.update("1", so=TWO, values=GOOD)
    simulation.capture_all()
    source.is_blind = True
    source.delete("1")
    source.snapshot()
    # Its beginning says nothing here, and would multiply the orders.
    source.log = [(key, event) for key, event in source.log if event["operation"] != "snapshot_begin"]
    simulation.capture_all()


def _the_key_changes_with_a_value_that_cannot_be_read(simulation: Simulation) -> None:
    source = simulation.sources["a"]
    source.begin()
    source.insert(ONE, GOOD)
    _settled(simulation)
    source.begin()
    source.update("1", so=TWO, values=BAD)
    source.update("1", so=THREE, values=BAD)
    source.begin()
    source.update("1", so=THREE, values=GOOD | {"ten": "D"})
    simulation.capture_all()


def _the_key_changes_with_a_value_that_is_too_large(simulation: Simulation) -> None:
    source = simulation.sources["a"]
    source.begin()
    source.insert(ONE, GOOD)
    _settled(simulation)
    source.begin()
    source.update("1", so=TWO, values=GOOD | {"ten": HUGE_NAME})
    source.delete("1")
    simulation.capture_all()


def _the_row_and_the_key_change_their_names_and_the_row_goes(simulation: Simulation) -> None:
    source = simulation.sources["a"]
    source.begin()
    source.insert(ONE, GOOD)
    _settled(simulation)
    for so, new_name in ((TWO, "7"), (ONE, None)):
        source.begin()
        name = next(iter(source.rows))
        source.update(name, so=so, values=GOOD, new_name=new_name)
    source.delete("7")
    simulation.capture_all()


@pytest.mark.parametrize(
    "prepare",
    [
        _two_rows_swap_keys,
        _a_key_goes_away_and_comes_back,
        _a_row_changes_its_key_and_is_deleted,
        _another_row_takes_the_key_that_one_left,
        _the_table_is_truncated_while_a_claim_is_under_way,
        _a_snapshot_ends_while_the_claim_of_a_row_gone_since_is_under_way,
        _the_key_changes_with_a_value_that_cannot_be_read,
        _the_key_changes_with_a_value_that_is_too_large,
        _the_row_and_the_key_change_their_names_and_the_row_goes,
    ],
)
def test_in_every_order(prepare: Callable[[Simulation], None]) -> None:
    orders = 0
    for simulation in in_every_order(Simulation, prepare):
        orders += 1
        assert_targets_hold_the_truth(simulation)
        assert_no_key_went_back(simulation)
    assert orders > 1, "the history leaves no choice: it tests nothing"
    print(f"{prepare.__name__}: {orders} orders")
