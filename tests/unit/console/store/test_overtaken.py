"""Deliveries that still stand and have no end were passed over."""

from hypothesis import given
from hypothesis import strategies as st

from console.store.overtaken import passed_over


def test_what_stands_in_no_range_was_passed_over() -> None:
    assert passed_over([1, 4, 7, 20], [(0, 2), (0, 5), (7, 7)]) == [20]
    assert passed_over([1, 2], []) == [1, 2]


@given(st.sets(st.integers(0, 50)), st.lists(st.tuples(st.integers(0, 50), st.integers(0, 10)), max_size=8))
def test_it_agrees_with_looking_at_each(offsets: set[int], ranges: list[tuple[int, int]]) -> None:
    ended = sorted((first, first + more) for first, more in ranges)
    expected = [o for o in sorted(offsets) if not any(first <= o <= last for first, last in ended)]
    assert passed_over(sorted(offsets), ended) == expected
