"""Dates of reduced precision."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.rules import RuleError
from schemas.rules.dates import (
    FORMATS,
    ZONE,
    date_from_days,
    date_from_microseconds,
    days_of_date,
    parse_date,
    render_date,
)

DATES = st.dates(date(1800, 1, 1), date(2200, 12, 31))
FULL = [
    "iso",
    "yyyy-MM-dd",
    "dd/MM/yyyy",
    "dd/MM/yyyy|MM/yyyy|yyyy",
    "yyyy/MM/dd",
    "yyyy/MM/dd|yyyy/MM|yyyy",
    "yyyyMMdd",
]
PARTIAL = ["iso", "dd/MM/yyyy|MM/yyyy|yyyy", "yyyy/MM/dd|yyyy/MM|yyyy"]


@pytest.mark.parametrize(
    ("text", "spelled", "canonical"),
    [
        ("12/05/1990", "dd/MM/yyyy", "1990-05-12"),
        (" 2/5/1990 ", "dd/MM/yyyy", "1990-05-02"),
        ("05/1990", "dd/MM/yyyy", "1990-05"),
        ("1990", "dd/MM/yyyy", "1990"),
        ("1990-05-12", "yyyy-MM-dd", "1990-05-12"),
        ("1990-05", "yyyy-MM-dd", "1990-05"),
        ("1990/05/12", "yyyy/MM/dd", "1990-05-12"),
        ("1990", "yyyy/MM/dd", "1990"),
        ("19900512", "yyyyMMdd", "1990-05-12"),
        ("1990", "yyyyMMdd", "1990"),
        ("1990", "yyyy", "1990"),
        ("199005122359", "yyyyMMddHHmm", "1990-05-12"),
        ("19900512235959", "yyyyMMddHHmmss", "1990-05-12"),
        ("1990-05-12 23:59:59", "yyyy-MM-dd HH:mm:ss", "1990-05-12"),
        ("29/02/2000", "dd/MM/yyyy", "2000-02-29"),
    ],
)
def test_reading(text: str, spelled: str, canonical: str) -> None:
    assert parse_date(text, spelled) == canonical


@pytest.mark.parametrize(
    ("text", "spelled", "code"),
    [
        ("31/02/1990", "dd/MM/yyyy", "bad_date"),
        ("29/02/1900", "dd/MM/yyyy", "bad_date"),
        ("12/13/1990", "dd/MM/yyyy", "bad_date"),
        ("00/00/1990", "dd/MM/yyyy", "bad_date"),
        ("1990-05-12", "dd/MM/yyyy", "bad_date"),
        ("12/05/90", "dd/MM/yyyy", "bad_date"),
        ("", "dd/MM/yyyy", "bad_date"),
        ("không rõ", "dd/MM/yyyy", "bad_date"),
        ("٠١/٠١/١٩٩٠", "dd/MM/yyyy", "bad_date"),
        ("19901301", "yyyyMMdd", "bad_date"),
        ("19900512246000", "yyyyMMddHHmmss", "bad_date"),
        ("1990-05-12", "yyyy-MM-dd HH:mm:ss", "bad_date"),
        ("12/05/1090", "dd/MM/yyyy", "implausible_year"),
        ("2201", "yyyy", "implausible_year"),
    ],
)
def test_refusing(text: str, spelled: str, code: str) -> None:
    with pytest.raises(RuleError) as caught:
        parse_date(text, spelled)
    assert caught.value.code == code
    assert not text or text not in str(caught.value)


@given(DATES, st.sampled_from(FULL))
def test_a_full_date_goes_both_ways(day: date, spelled: str) -> None:
    assert parse_date(render_date(day.isoformat(), spelled), spelled) == day.isoformat()


@given(DATES, st.sampled_from([4, 7]), st.sampled_from(PARTIAL))
def test_a_partial_date_goes_both_ways_where_the_format_can(day: date, length: int, spelled: str) -> None:
    partial = day.isoformat()[:length]
    assert parse_date(render_date(partial, spelled), spelled) == partial


@given(DATES, st.sampled_from([4, 7]), st.sampled_from(sorted(set(FULL) - set(PARTIAL))))
def test_a_day_is_never_made_up(day: date, length: int, spelled: str) -> None:
    with pytest.raises(RuleError, match=r"known, which .* cannot say") as caught:
        render_date(day.isoformat()[:length], spelled)
    assert caught.value.code == "partial_date"
    assert str(day.year) not in str(caught.value)


@pytest.mark.parametrize("spelled", ["yyyyMMddHHmm", "yyyyMMddHHmmss", "yyyy-MM-dd HH:mm:ss"])
def test_a_time_of_day_is_never_made_up(spelled: str) -> None:
    with pytest.raises(RuleError, match="nobody stated the time of day") as caught:
        render_date("1990-05-12", spelled)
    assert caught.value.code == "no_time"


def test_the_year_alone_can_be_written_of_every_date() -> None:
    assert {render_date(value, "yyyy") for value in ("1990", "1990-05", "1990-05-12")} == {"1990"}


@given(st.text(max_size=12), st.sampled_from(sorted(FORMATS)))
def test_what_is_read_is_canonical(text: str, spelled: str) -> None:
    try:
        value = parse_date(text, spelled)
    except RuleError:
        return
    assert parse_date(value) == value


def test_an_unknown_format_is_a_fault_of_the_manifest() -> None:
    for call in (parse_date, render_date):
        with pytest.raises(ValueError, match="unknown date format 'MM-dd'; known are"):
            call("1990", "MM-dd")


@given(DATES)
def test_days_since_1970_go_both_ways(day: date) -> None:
    days = (day - date(1970, 1, 1)).days
    assert date_from_days(days) == day.isoformat()
    assert days_of_date(day.isoformat()) == days


@pytest.mark.parametrize("days", [2**31 - 1, -(2**31), 10**9])
def test_infinity_is_no_date(days: int) -> None:
    with pytest.raises(RuleError) as caught:
        date_from_days(days)
    assert caught.value.code == "infinite_date"


def test_a_partial_date_has_no_day() -> None:
    with pytest.raises(RuleError, match="only the year is known"):
        days_of_date("1990")


@given(st.datetimes(datetime(1900, 1, 2), datetime(2200, 12, 30)))
def test_an_instant_has_the_date_of_hanoi(instant: datetime) -> None:
    aware = instant.replace(tzinfo=UTC)
    microseconds = (aware - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
    assert date_from_microseconds(microseconds) == aware.astimezone(ZONE).date().isoformat()


@pytest.mark.parametrize("microseconds", [2**63 - 1, -(2**63)])
def test_an_infinite_instant_is_no_date(microseconds: int) -> None:
    with pytest.raises(RuleError) as caught:
        date_from_microseconds(microseconds)
    assert caught.value.code == "infinite_date"
