"""Delivered text as a column takes it, and whether a column shows it already."""

from collections.abc import Callable
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.types import TypeEngine

_TRUE: Final = frozenset({"true", "t", "1", "yes"})
_FALSE: Final = frozenset({"false", "f", "0", "no"})


def taken_as(kind: TypeEngine[Any]) -> TypeEngine[Any]:
    """The type that values are bound as: what has no function here goes as text that the database itself reads."""
    return kind if _reader(kind) is not None or isinstance(kind, sa.String) else sa.types.NullType()


def convert(kind: TypeEngine[Any], value: Any) -> Any:
    """The value as the driver takes it. Raises ValueError where the column cannot hold it."""
    if value is None:
        return None
    text = value if isinstance(value, str) else str(value)
    text.encode()  # raises UnicodeEncodeError, a ValueError: half a character is no text
    read = _reader(kind)
    try:
        return text if read is None else read(text)
    except InvalidOperation:
        raise ValueError("not a number") from None


def shows(kind: TypeEngine[Any], held: Any, new: Any) -> bool:
    """Whether what a column holds is what it is to hold; both as the driver gives and takes them."""
    if held is None or new is None:
        return held is new
    if isinstance(held, str) and isinstance(new, str):
        # What is too short for a CHAR is filled up by the database.
        return held == new or (isinstance(kind, sa.CHAR) and held.rstrip(" ") == new.rstrip(" "))
    return bool(held == new) or (_reader(kind) is None and str(held) == str(new))


def _reader(kind: TypeEngine[Any]) -> Callable[[str], Any] | None:
    return next((read for known, read in _READERS if isinstance(kind, known)), None)


def _boolean(text: str) -> bool:
    if (word := text.strip().lower()) in _TRUE | _FALSE:
        return word in _TRUE
    raise ValueError("not a truth value")


def _date(text: str) -> date:
    """ISO 8601, or as dates are written in Vietnam."""
    return datetime.strptime(text, "%d/%m/%Y").date() if "/" in text else date.fromisoformat(text)


_READERS: Final[list[tuple[type[TypeEngine[Any]], Callable[[str], Any]]]] = [
    (sa.Boolean, _boolean),
    (sa.Integer, int),
    (sa.Float, float),
    (sa.Numeric, Decimal),
    (sa.DateTime, datetime.fromisoformat),
    (sa.Date, _date),
    (sa.Time, time.fromisoformat),
]
