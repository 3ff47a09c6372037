"""Buckets and sums of rows that are compared without travelling."""

import random

import pytest

from connectors.sinks.postgres_target.checksums import shown_by, sums_of
from connectors.sinks.postgres_target.structure import Column
from connectors.values import Expected


def column(name: str, cast: str = "text") -> Column:
    return Column(name, cast, cast, cast, limit=None, required=False, generated=False)


COLUMNS = [column("ma"), column("ten"), column("ngay", "date")]
ROWS = [Expected(f"k{n}", [f"tên {n}", "2/9/1945"]) for n in range(200)]


def test_sums_do_not_depend_on_the_order_and_say_how_many_rows_there_are() -> None:
    mixed = random.Random(1).sample(ROWS, len(ROWS))
    sums = sums_of(ROWS, COLUMNS).sums
    assert sums_of(mixed, COLUMNS).sums == sums
    assert sum(count for count, _ in sums.values()) == len(ROWS)


@pytest.mark.parametrize(
    "changed",
    [
        Expected("k7", ["tên 7.", "2/9/1945"]),
        Expected("k7", [None, "2/9/1945"]),
        Expected("k7", ["", "2/9/1945"]),
        Expected("k7", ["tên 7", None]),
        Expected("k7", ["-tên 7", "2/9/1945"]),
        Expected("k7", None),
    ],
)
def test_any_change_of_one_row_changes_the_sum_of_its_bucket_and_no_other(changed: Expected) -> None:
    before, buckets = sums_of(ROWS, COLUMNS)
    after, same = sums_of([changed if each.key == "k7" else each for each in ROWS], COLUMNS)
    differing = {bucket for bucket in before.keys() | after.keys() if before.get(bucket) != after.get(bucket)}
    assert differing == {buckets[7]}
    assert same == buckets


def test_texts_that_run_together_are_told_apart() -> None:
    one, other = Expected("k", ["a1:b", "c"]), Expected("k", ["a", "b1:c"])
    assert sums_of([one], COLUMNS).sums != sums_of([other], COLUMNS).sums


@pytest.mark.parametrize(
    ("cast", "written", "shown"),
    [
        ("text", " a ", " a "),
        ("character varying", "a ", "a "),
        ("bpchar", "a  ", "a"),
        ("date", "2/9/1945", "1945-09-02"),
        ("date", "1945-09-02", "1945-09-02"),
        ("date", "không rõ", "không rõ"),
        ("integer", "007", "7"),
        ("bigint", "x", "x"),
        ("boolean", "T", "true"),
        ("numeric", "1.50", "1.50"),
    ],
)
def test_what_a_column_shows_is_foreseen(cast: str, written: str, shown: str) -> None:
    assert shown_by(column("c", cast))(written) == shown
