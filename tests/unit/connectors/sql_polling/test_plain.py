"""Values as JSON text, and back."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.sources.sql_polling import plain

_VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False),
    st.text(st.characters()),
    st.binary(),
    st.datetimes(),
    st.dates(),
    st.decimals(allow_nan=False),
    st.uuids(),
)


@given(st.lists(_VALUES), st.dictionaries(st.text(), _VALUES, min_size=2))
def test_everything_comes_back(listed: list[Any], row: dict[str, Any]) -> None:
    assert plain.loads(plain.dumps(listed)) == listed
    if not any(name.startswith("@") for name in row):
        assert plain.loads(plain.dumps(row)) == row


@pytest.mark.parametrize(
    "value",
    [
        "không \udcff phải chữ",
        b"\x00\xff",
        datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=UTC),
        date(1, 1, 1),
        time(23, 59, 59, 999999),
        timedelta(days=-1, microseconds=1),
        Decimal("1.10"),
        UUID(int=5),
        float("inf"),
        {"@bytes": "zz", "b": 1},
    ],
)
def test_odd_values(value: Any) -> None:
    assert plain.loads(plain.dumps(value)) == value


def test_views_are_bytes() -> None:
    assert plain.loads(plain.dumps(memoryview(b"a"))) == b"a"
