"""What a driver hands over, as a row carries it."""

from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import mysql, postgresql, sqlite
from sqlalchemy.types import TypeEngine

from connectors.sources.sql_polling.columns import column_of, family_of

_SQLITE = sqlite.dialect()
_MYSQL = mysql.dialect()
_POSTGRES = postgresql.dialect()  # type: ignore[no-untyped-call]


@pytest.mark.parametrize(
    ("kind", "given", "expected"),
    [
        (sa.Integer(), 7, 7),
        (sa.Boolean(), 1, True),
        (sa.Float(), 2, 2.0),
        (sa.Numeric(), Decimal("1E+3"), "1000"),
        (sa.Numeric(), Decimal("0.0000001"), "0.0000001"),
        (sa.Date(), date(1970, 1, 2), 1),
        (sa.Date(), "1969-12-31", -1),
        (sa.DateTime(), datetime(1969, 12, 31, 23, 59, 59), -1_000_000),
        (sa.DateTime(), datetime(1970, 1, 1, 7, tzinfo=timezone(timedelta(hours=7))), 0),
        (sa.DateTime(), datetime(1970, 1, 1, tzinfo=UTC), 0),
        (sa.DateTime(), "1970-01-01 00:00:01", 1_000_000),
        (sa.Time(), time(0, 0, 1, 5), 1_000_005),
        (sa.Time(), timedelta(seconds=2), 2_000_000),
        (sa.LargeBinary(), bytearray(b"a"), b"a"),
        (sa.String(), "chữ", "chữ"),
        (sa.JSON(), '{"a": 1}', '{"a": 1}'),
    ],
)
def test_values_of_drivers(kind: TypeEngine[Any], given: Any, expected: Any) -> None:
    value = column_of("c", kind, _MYSQL).convert(given)
    assert (value, type(value)) == (expected, type(expected))


@pytest.mark.parametrize(("kind", "given"), [(sa.Date(), "xưa"), (sa.Integer(), "nhiều"), (sa.Boolean(), 7)])
def test_what_cannot_be_typed_stays_text(kind: TypeEngine[Any], given: Any) -> None:
    assert column_of("c", kind, _SQLITE).convert(given) == str(given)


def test_postgresql_is_asked_for_its_own_text_where_drivers_differ() -> None:
    column = column_of("c", sa.DateTime(timezone=True), _POSTGRES)
    assert str(sa.select(column.asked).compile(dialect=_POSTGRES)).startswith("SELECT CAST(c AS TEXT)")
    assert column.convert("1970-01-01 00:00:01+00") == 1_000_000
    assert str(column_of("c", sa.BigInteger(), _POSTGRES).asked) == "c"


def test_arrays_and_domains() -> None:
    listed = column_of("c", postgresql.ARRAY(sa.Integer()), _POSTGRES)
    assert listed.convert("{1,NULL}") == [1, None]
    assert listed.avro == [{"type": "array", "items": ["null", "long"]}, "string"]
    domain = postgresql.DOMAIN("so", sa.Date())
    assert column_of("c", domain, _POSTGRES).avro == ["int"]


def test_times_with_a_zone_are_no_number() -> None:
    assert family_of(sa.Time(timezone=True)) == "other"
    assert family_of(sa.Time()) == "time"
