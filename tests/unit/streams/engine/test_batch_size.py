"""A batch is as large as the transaction allows into which what it leads to must fit."""

import pytest

from streams.engine.batch_size import BatchSize


@pytest.fixture
def size() -> BatchSize:
    return BatchSize(most_records=2_000, most_outputs=20_000)


def _after(size: BatchSize, *, each: int, batches: int = 30) -> int:
    for _ in range(batches):
        size.learn(size.records, size.records * each)
    return size.records


def test_the_first_is_of_a_size_that_suits_many_outputs(size: BatchSize) -> None:
    assert size.records == 500


@pytest.mark.parametrize(("each", "records"), [(0, 2_000), (2, 2_000), (10, 2_000), (50, 400), (1_000, 20)])
def test_it_comes_to_what_the_records_lead_to(size: BatchSize, each: int, records: int) -> None:
    assert _after(size, each=each) == pytest.approx(records, rel=0.05)


def test_there_is_always_one(size: BatchSize) -> None:
    assert _after(size, each=1_000_000) == 1


def test_it_grows_again(size: BatchSize) -> None:
    _after(size, each=1_000)
    assert _after(size, each=2) == 2_000
