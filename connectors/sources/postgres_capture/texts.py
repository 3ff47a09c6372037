"""From PostgreSQL's text form to the value that a row carries. Sessions must have the settings of `session.SETTINGS`.

What cannot be typed stays text: it does not fit the column's Avro type, so that the row ends among the dead letters.
"""

from collections.abc import Callable
from datetime import date as calendar_date
from datetime import datetime
from typing import Any, Final

Convert = Callable[[bytes], Any]

#: Infinity in the integers that carry dates and times.
DATE_INFINITY: Final = 2**31 - 1
DATE_MINUS_INFINITY: Final = -(2**31)
TIMESTAMP_INFINITY: Final = 2**63 - 1
TIMESTAMP_MINUS_INFINITY: Final = -(2**63)

_DAY_MICROSECONDS: Final = 86_400_000_000
_UNIX_EPOCH: Final = datetime(1970, 1, 1)  # everything here is UTC
_UNIX_ORDINAL: Final = _UNIX_EPOCH.toordinal()

_date = calendar_date.fromisoformat
_timestamp = datetime.fromisoformat


def text(data: bytes) -> str:
    """UTF-8. Bytes that are none, which a database in SQL_ASCII may hold, become lone surrogates."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data.decode("utf-8", "surrogateescape")


def boolean(data: bytes) -> bool:
    """`t` or `f`."""
    return data == b"t"


def hexadecimal(data: bytes) -> bytes:
    """`\\x…` as bytes."""
    return bytes.fromhex(data[2:].decode())


def date(data: bytes) -> int | str:
    """Days since 1970-01-01."""
    try:
        return _date(data.decode()).toordinal() - _UNIX_ORDINAL
    except ValueError:
        return _or_text(data, _odd_date)


def timestamp(data: bytes) -> int | str:
    """Microseconds since 1970, of a timestamp without zone, taken as UTC."""
    try:
        past = _timestamp(data.decode()) - _UNIX_EPOCH
    except ValueError:
        return _or_text(data, _odd_timestamp)
    return past.days * _DAY_MICROSECONDS + past.seconds * 1_000_000 + past.microseconds


def timestamp_with_zone(data: bytes) -> int | str:
    """Microseconds since 1970. The session's zone is UTC, so the zone is always `+00`."""
    return timestamp(data.replace(b"+00", b"", 1))


def time(data: bytes) -> int | str:
    """Microseconds since midnight; `24:00:00` is one day."""
    return _or_text(data, _time)


def _or_text(data: bytes, convert: Callable[[str], int]) -> int | str:
    known = text(data)
    try:
        return convert(known)
    except ValueError:
        return known


def _time(known: str) -> int:
    hours, minutes, seconds = known.split(":")
    whole, _, fraction = seconds.partition(".")
    return ((int(hours) * 60 + int(minutes)) * 60 + int(whole)) * 1_000_000 + int(fraction.ljust(6, "0"))


def _odd_date(known: str) -> int:
    """Years beyond 9999, BC, infinity."""
    if known in ("infinity", "-infinity"):
        return DATE_INFINITY if known == "infinity" else DATE_MINUS_INFINITY
    number, _, era = known.partition(" ")
    year, month, day = (int(part) for part in number.split("-"))
    return _days(1 - year if era == "BC" else year, month, day)


def _odd_timestamp(known: str) -> int:
    if known in ("infinity", "-infinity"):
        return TIMESTAMP_INFINITY if known == "infinity" else TIMESTAMP_MINUS_INFINITY
    day, clock, *era = known.split(" ")
    return _odd_date(" ".join([day, *era])) * _DAY_MICROSECONDS + _time(clock)


def _days(year: int, month: int, day: int) -> int:
    """Days since 1970-01-01 in the Gregorian calendar without end, year 0 being 1 BC."""
    # The calendar repeats every 400 years of 146,097 days; Python knows the years 1 to 9999.
    cycles, within = divmod(year - 2000, 400)
    return calendar_date(2000 + within, month, day).toordinal() - _UNIX_ORDINAL + cycles * 146_097
