"""Delivered text in the types of columns."""

from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.types import TypeEngine

from connectors.sinks.sql_target.values import convert, shows


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        (sa.Date(), "1990-05-12", date(1990, 5, 12)),
        (sa.Date(), "12/05/1990", date(1990, 5, 12)),
        (sa.DateTime(), "2026-11-22T07:30:00", datetime(2026, 11, 22, 7, 30)),
        (sa.Time(), "07:30", time(7, 30)),
        (sa.Integer(), "12", 12),
        (sa.BigInteger(), "-3", -3),
        (sa.Numeric(), "1.50", Decimal("1.50")),
        (sa.Boolean(), "true", True),
        (sa.Boolean(), "0", False),
        (sa.String(5), " a ", " a "),
        (postgresql.UUID(), "0e37df36-f698-11e6-8dd4-cb9ced3df976", "0e37df36-f698-11e6-8dd4-cb9ced3df976"),
        (sa.Text(), 12, "12"),
        (sa.Text(), None, None),
    ],
)
def test_text_becomes_what_the_column_takes(kind: TypeEngine[Any], text: Any, value: Any) -> None:
    assert convert(kind, text) == value


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (sa.Date(), "1990"),
        (sa.Date(), "31/02/1990"),
        (sa.Integer(), "mười"),
        (sa.Numeric(), "1,5"),
        (sa.Boolean(), "có"),
        (sa.Text(), "\ud800"),
    ],
)
def test_what_it_cannot_take_is_refused(kind: TypeEngine[Any], text: str) -> None:
    with pytest.raises(ValueError):
        convert(kind, text)


def test_what_is_there_already_is_seen() -> None:
    assert shows(sa.Text(), "An", "An")
    assert shows(sa.CHAR(5), "An   ", "An")
    assert not shows(sa.Text(), "An ", "An")
    assert shows(sa.Numeric(), Decimal("1.5"), Decimal("1.50"))
    assert not shows(sa.Text(), None, "")
    assert shows(sa.Date(), None, None)
    assert not shows(sa.Date(), date(1990, 5, 12), None)
