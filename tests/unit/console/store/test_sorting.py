"""Outcomes as rows: ranges that follow one another are one row, exceptions stay single."""

from console.store.sorting import identity, is_end, sort
from tests.unit.console.city import outcome

RAW, TO = "raw.ho_tich.person", "to.dan_cu.person"


def test_ranges_that_follow_one_another_become_one() -> None:
    found = sort(
        [
            outcome(
                "delivered", "dan_cu", TO, first=0, last=9, count=9, oldest_source_time=5, newest_source_time=7, time=1
            ),
            outcome(
                "delivered",
                "dan_cu",
                TO,
                first=11,
                last=12,
                count=2,
                oldest_source_time=3,
                newest_source_time=6,
                time=2,
            ),
        ]
    )
    [row] = found.ranges
    assert (row["first"], row["last"], row["count"], row["time"]) == (0, 12, 11, 2)
    assert (row["oldest_source_time"], row["newest_source_time"]) == (3, 7)


def test_what_is_of_another_kind_far_away_or_said_again_is_a_row_of_its_own() -> None:
    first = outcome("delivered", "dan_cu", TO, first=0, last=9, count=10)
    others = [
        outcome("filtered", "dan_cu", TO, first=10, last=10),
        outcome("delivered", "dan_cu", TO, first=10, last=10, partition=1),
        outcome("delivered", "dan_cu", TO, first=10, last=10, process="another"),
        outcome("delivered", "dan_cu", TO, first=1000, last=1000),
        outcome("delivered", "dan_cu", TO, first=0, last=9, count=10),
    ]
    assert len(sort([first, *others]).ranges) == 6


def test_exceptions_fields_and_captures_are_kept_apart_and_once() -> None:
    refused = outcome("quarantined", "ho_tich", RAW, reason="bad_date", event_id="e")
    waits = outcome("held", "ho_tich", RAW, reason="ward_split", event_id="e", field="ward")
    captured = outcome("captured", "ho_tich", "", first=5, last=9, count=2, event_id="f")
    found = sort([refused, waits, captured, {**refused, "time": 9, "process": "after a crash"}])
    assert list(found.exceptions) == [identity(refused), identity(waits)]
    assert list(found.captures) == [identity(captured)]
    assert found.ranges == []


def test_what_a_record_has_led_to_is_no_end_of_it() -> None:
    assert is_end("processed", RAW)
    assert is_end("delivered", TO)
    assert is_end("filtered", TO)
    assert not is_end("filtered", RAW)
    assert not is_end("routed", "identify.person")
    assert not is_end("captured", "")


def test_a_repeat_is_not_drawn_into_what_follows() -> None:
    known = outcome("delivered", "dan_cu", TO, first=0, last=9, count=9)
    news = outcome("delivered", "dan_cu", TO, first=10, last=19, count=10)
    repeat = outcome("delivered", "dan_cu", TO, first=5, last=9, count=4)
    assert len(sort([known, news], is_known=lambda said: said is known).ranges) == 2
    assert [row["first"] for row in sort([known, repeat, news]).ranges] == [0, 5]
