"""A range that was said before counts once, also where it was cut in another way."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from console.store.repeats import Frontiers, Known, uncovered
from tests.unit.console.city import outcome


def _delivered(first: int, last: int, count: int | None = None) -> dict[str, int]:
    return {"first": first, "last": last, "count": last - first + 1 if count is None else count}


def _uncovered(first: int, last: int, *known: tuple[int, int, int], count: int | None = None) -> int:
    said = outcome("delivered", "dan_cu", "to.dan_cu.person", **_delivered(first, last, count))
    return uncovered(said, [Known(*each) for each in known])


def test_what_is_covered_is_nothing_new() -> None:
    assert _uncovered(0, 9, (0, 9, 10)) == 0
    assert _uncovered(5, 14, (0, 9, 10), (10, 19, 9)) == 0


def test_only_what_is_new_of_a_range_counts() -> None:
    assert _uncovered(0, 19, (0, 9, 10)) == 10
    assert _uncovered(0, 14, (10, 19, 10)) == 10
    assert _uncovered(0, 19, (0, 9, 10), (12, 19, 8), count=18) == 0, "between them stood markers, or others' records"


@given(st.lists(st.integers(0, 60), min_size=2, max_size=8, unique=True), st.integers(0, 60), st.integers(0, 60))
def test_dense_ranges_in_any_cut_count_each_offset_once(cuts: list[int], low: int, high: int) -> None:
    edges = sorted(cuts)
    known = [(first, after - 1, after - first) for first, after in itertools.pairwise(edges)]
    first, last = min(low, high), max(low, high)
    overlapping = [each for each in known if each[0] <= last and each[1] >= first]
    new = set(range(first, last + 1)) - set(range(edges[0], edges[-1]))
    assert _uncovered(first, last, *overlapping) == len(new)


def test_a_frontier_tells_what_may_have_been_said() -> None:
    frontiers = Frontiers({})
    said = outcome("delivered", "dan_cu", "to.dan_cu.person", first=0, last=9)
    assert not frontiers.reaches(said)
    frontiers.take(said)
    assert frontiers.reaches(said)
    assert not frontiers.reaches({**said, "first": 10, "last": 12})
    assert not frontiers.reaches({**said, "partition": 1})
    assert not frontiers.reaches({**said, "result": "filtered"})
