"""What stands in a topic is counted with its holes."""

from hypothesis import given
from hypothesis import strategies as st

from console.store.stretches import LONGEST_HOLE, between, stretches


def test_markers_are_gaps_and_compaction_ends_a_stretch() -> None:
    found = stretches([(0, 5), (1, 6), (3, 4), (500, 9)])
    assert [(s.first, s.last, s.gaps, s.oldest, s.newest) for s in found] == [(0, 3, [2], 4, 6), (500, 500, [], 9, 9)]
    assert [s.count for s in found] == [3, 1]


@given(st.sets(st.integers(0, 300)), st.integers(0, 300), st.integers(0, 300))
def test_records_of_any_window_are_counted_exactly(offsets: set[int], begin: int, end: int) -> None:
    found = stretches((offset, 0) for offset in sorted(offsets))
    assert between(found, begin, end) == len([offset for offset in offsets if begin <= offset < end])
    assert all(len(s.gaps) < (s.last - s.first + 1) and LONGEST_HOLE for s in found)
