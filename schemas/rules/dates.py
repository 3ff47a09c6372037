"""Dates as precise as they are known: 1990, 1990-05 or 1990-05-12 (ISO 8601). A day that nobody stated is not made up.

From: formats seen in the city's systems; the longer ones are local times of Asia/Ho_Chi_Minh, whose date counts.
"""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from schemas.rules.errors import RuleError, shape

ZONE: Final = ZoneInfo("Asia/Ho_Chi_Minh")
_FIRST_YEAR: Final = 1800
_LAST_YEAR: Final = 2200
#: How many different dates are kept read: all days of a long life.
_KEPT: Final = 1 << 16

_SLASHED: Final = r"(?:(?:(?P<d>\d{1,2})/)?(?P<m>\d{1,2})/)?(?P<y>\d{4})"
_YEAR_FIRST: Final = r"(?P<y>\d{4})(?:%s(?P<m>\d{1,2})(?:%s(?P<d>\d{1,2}))?)?"
_DASHED: Final = _YEAR_FIRST % ("-", "-")
_COMPACT: Final = r"(?P<y>\d{4})(?P<m>\d\d)(?P<d>\d\d)"

#: Format -> what is read by it: also what is less precise.
_READ: Final = {
    "iso": _DASHED,
    "yyyy-MM-dd": _DASHED,
    "yyyy-MM-dd HH:mm:ss": r"(?P<y>\d{4})-(?P<m>\d\d)-(?P<d>\d\d)[ T](?P<H>\d\d):(?P<M>\d\d):(?P<S>\d\d)(?:\.\d+)?",
    "dd/MM/yyyy": _SLASHED,
    "dd/MM/yyyy|MM/yyyy|yyyy": _SLASHED,
    "yyyy/MM/dd": _YEAR_FIRST % ("/", "/"),
    "yyyy/MM/dd|yyyy/MM|yyyy": _YEAR_FIRST % ("/", "/"),
    "yyyyMMdd": r"(?P<y>\d{4})(?:(?P<m>\d\d)(?P<d>\d\d)?)?",
    "yyyyMMddHHmm": _COMPACT + r"(?P<H>\d\d)(?P<M>\d\d)",
    "yyyyMMddHHmmss": _COMPACT + r"(?P<H>\d\d)(?P<M>\d\d)(?P<S>\d\d)",
    "yyyy": r"(?P<y>\d{4})",
}
_PATTERNS: Final = {name: re.compile(pattern, re.ASCII) for name, pattern in _READ.items()}

#: Format -> how a year, a month, a day is written by it; None where it has no form for so little.
_WRITTEN: Final[dict[str, tuple[str | None, str | None, str | None]]] = {
    "iso": ("{y}", "{y}-{m}", "{y}-{m}-{d}"),
    "yyyy-MM-dd": (None, None, "{y}-{m}-{d}"),
    "dd/MM/yyyy": (None, None, "{d}/{m}/{y}"),
    "dd/MM/yyyy|MM/yyyy|yyyy": ("{y}", "{m}/{y}", "{d}/{m}/{y}"),
    "yyyy/MM/dd": (None, None, "{y}/{m}/{d}"),
    "yyyy/MM/dd|yyyy/MM|yyyy": ("{y}", "{y}/{m}", "{y}/{m}/{d}"),
    "yyyyMMdd": (None, None, "{y}{m}{d}"),
    "yyyy": ("{y}", "{y}", "{y}"),
}

#: Every format that a column may declare for a date; `iso` is the canonical form itself.
FORMATS: Final = frozenset(_READ)


def parse_date(text: str, spelled: str = "iso") -> str:
    """The canonical date. Raises RuleError bad_date, implausible_year; ValueError for an unknown format."""
    return date_reader(spelled)(text)


def render_date(value: str, spelled: str = "iso") -> str:
    """A canonical date as a system writes it. Raises RuleError partial_date, no_time; ValueError: unknown format."""
    return date_writer(spelled)(value)


@lru_cache
def date_reader(spelled: str) -> Callable[[str], str]:
    """`parse_date` of one format, for calling often: dates repeat, and those read lately are remembered."""
    pattern = _PATTERNS.get(spelled)
    if pattern is None:
        raise ValueError(f"unknown date format {spelled!r}; known are {', '.join(sorted(FORMATS))}")

    @lru_cache(maxsize=_KEPT)
    def read(text: str) -> str:
        found = pattern.fullmatch(text.strip())
        if found is None:
            raise RuleError("bad_date", f"{shape(text)}; expected {spelled}, or the year, or the month and the year")
        parts = {name: int(number) for name, number in found.groupdict().items() if number is not None}
        if parts.get("H", 0) > 23 or parts.get("M", 0) > 59 or parts.get("S", 0) > 59:
            raise RuleError("bad_date", f"{shape(text)}, whose time of day is none")
        return _canonical(parts["y"], parts.get("m"), parts.get("d"))

    return read


@lru_cache
def date_writer(spelled: str) -> Callable[[str], str]:
    """`render_date` of one format, for calling often."""
    if spelled not in FORMATS:
        raise ValueError(f"unknown date format {spelled!r}; known are {', '.join(sorted(FORMATS))}")
    forms = _WRITTEN.get(spelled)

    @lru_cache(maxsize=_KEPT)
    def write(value: str) -> str:
        year, _, rest = value.partition("-")
        month, _, day = rest.partition("-")
        if forms is None:
            raise RuleError("no_time", f"a date cannot be written as {spelled}: nobody stated the time of day")
        form = forms[bool(month) + bool(day)]
        if form is None:
            known = "the month and the year are" if month else "only the year is"
            raise RuleError(
                "partial_date", f"{known} known, which {spelled} cannot say; use a format that can, or text"
            )
        return form.format(y=year, m=month, d=day)

    return write


@lru_cache(maxsize=_KEPT)
def date_from_days(days: int) -> str:
    """The canonical date of a typed `date` column: days since 1970-01-01. Raises RuleError."""
    try:
        found = date(1970, 1, 1) + timedelta(days=days)
    except OverflowError:
        # PostgreSQL's infinity and -infinity stand as the ends of 32 bits.
        raise RuleError(
            "infinite_date", "infinity, or a day that no calendar holds; it is no date of a person"
        ) from None
    return _canonical(found.year, found.month, found.day)


def days_of_date(value: str) -> int:
    """Days since 1970-01-01 of a canonical date. Raises RuleError partial_date where the day is not known."""
    return (date.fromisoformat(render_date(value, "yyyy-MM-dd")) - date(1970, 1, 1)).days


def date_from_microseconds(microseconds: int) -> str:
    """The local date at an instant: a typed `timestamptz` column, microseconds since 1970. Raises RuleError."""
    try:
        instant = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=microseconds)
        local = instant.astimezone(ZONE)
    except OverflowError:
        raise RuleError("infinite_date", "infinity, or an instant that no calendar holds") from None
    return _canonical(local.year, local.month, local.day)


def _canonical(year: int, month: int | None, day: int | None) -> str:
    if not _FIRST_YEAR <= year <= _LAST_YEAR:
        raise RuleError("implausible_year", f"a year outside {_FIRST_YEAR} to {_LAST_YEAR}; correct it in the source")
    try:
        date(year, 1 if month is None else month, 1 if day is None else day)
    except ValueError:
        raise RuleError("bad_date", "a day or month that is not in the calendar; correct it in the source") from None
    if month is None:
        return f"{year:04}"
    return f"{year:04}-{month:02}" if day is None else f"{year:04}-{month:02}-{day:02}"
