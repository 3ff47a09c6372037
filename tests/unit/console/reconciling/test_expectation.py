"""Rows that are kept packed take no more memory than they say."""

import tracemalloc

from console.reconciling.expectation import packed


def test_a_thousand_rows_take_what_they_say_and_little_more() -> None:
    tracemalloc.start()
    rows = [packed([number, f"citizen_id:{number:012}", ["Nguyễn Văn An", None], True]) for number in range(1000)]
    taken, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert taken < 2 * sum(map(len, rows)) + 100_000
