from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.sources.postgres_capture import texts

_EPOCH = datetime(1970, 1, 1)


@given(st.dates())
def test_days_since_1970(day: date) -> None:
    assert texts.date(day.isoformat().encode()) == (day - _EPOCH.date()).days


@given(st.datetimes())
def test_microseconds_since_1970(moment: datetime) -> None:
    written = moment.isoformat(sep=" ").encode()
    expected = (moment - _EPOCH) // timedelta(microseconds=1)
    assert texts.timestamp(written) == expected
    assert texts.timestamp_with_zone(written + b"+00") == expected


@given(st.dates(min_value=date(1, 1, 1), max_value=date(9599, 12, 31)))
def test_the_calendar_repeats_every_400_years(day: date) -> None:
    days = (day - _EPOCH.date()).days
    later = f"{day.year + 400 * 100}-{day.month:02}-{day.day:02}"
    assert texts.date(later.encode()) == days + 100 * 146_097
    # 1 BC is the year 0
    before = day.year - 400 * 30
    assert texts.date(f"{1 - before:04}-{day.month:02}-{day.day:02} BC".encode()) == days - 30 * 146_097


@pytest.mark.parametrize(
    ("written", "expected"),
    [("00:00:00", 0), ("24:00:00", 86_400_000_000), ("01:02:03.5", 3_723_500_000), ("01:02:03.000001", 3_723_000_001)],
)
def test_times(written: str, expected: int) -> None:
    assert texts.time(written.encode()) == expected


@pytest.mark.parametrize("convert", [texts.date, texts.timestamp, texts.timestamp_with_zone, texts.time])
@pytest.mark.parametrize("written", ["", "soon", "2024-13-01", "a-b-c", "\udcff"])
def test_what_cannot_be_typed_stays_text(convert: texts.Convert, written: str) -> None:
    assert convert(written.encode("utf-8", "surrogateescape")) == written


def test_infinities() -> None:
    assert texts.date(b"infinity") == texts.DATE_INFINITY
    assert texts.date(b"-infinity") == texts.DATE_MINUS_INFINITY
    assert texts.timestamp_with_zone(b"infinity") == texts.TIMESTAMP_INFINITY
    assert texts.timestamp(b"-infinity") == texts.TIMESTAMP_MINUS_INFINITY


def test_bytes_that_are_no_text_are_kept() -> None:
    assert texts.text(b"\xff a") == "\udcff a"
    assert texts.text("Đỗ".encode()) == "Đỗ"
