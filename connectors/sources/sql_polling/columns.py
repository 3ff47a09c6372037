"""The columns of a table: how each is asked for, its Avro type, and the value that a row carries.

Typed as the source `postgres` types: dates are days, timestamps microseconds since 1970, numerics their exact text.
"""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, Final, Literal, NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import DOMAIN
from sqlalchemy.types import TypeEngine

from connectors.sources.postgres_capture import texts
from connectors.sources.postgres_capture.arrays import array_of

Family = Literal["boolean", "long", "double", "numeric", "date", "timestamp", "time", "bytes", "string", "other"]
Convert = Callable[[Any], Any]

_AVRO: Final[dict[Family, str]] = {
    "boolean": "boolean",
    "long": "long",
    "double": "double",
    "date": "int",
    "timestamp": "long",
    "time": "long",
    "bytes": "bytes",
}
_FAMILIES: Final[tuple[tuple[type[TypeEngine[Any]], Family], ...]] = (
    (sa.Boolean, "boolean"),
    (sa.Integer, "long"),
    (sa.Float, "double"),
    (sa.Numeric, "numeric"),
    (sa.DateTime, "timestamp"),
    (sa.Date, "date"),
    (sa.Time, "time"),
    (sa.types._Binary, "bytes"),
    (sa.String, "string"),
)
#: What every driver of PostgreSQL hands over as it is; all else is asked for as PostgreSQL's own text.
_AS_IT_IS: Final = frozenset({"boolean", "long", "double", "bytes", "string"})
_MICROSECOND: Final = timedelta(microseconds=1)
_UNIX_EPOCH: Final = datetime(1970, 1, 1)  # naive means UTC here
_UNIX_ORDINAL: Final = _UNIX_EPOCH.toordinal()


class Column(NamedTuple):
    """One column of a table. `asked`: the SQL expression whose result `convert` takes, None aside."""

    name: str
    family: Family
    source_type: str
    asked: sa.ColumnElement[Any]
    avro: list[Any]
    convert: Convert


def column_of(name: str, kind: TypeEngine[Any], dialect: sa.Dialect) -> Column:
    """The column as reflected."""
    kind = kind.data_type if isinstance(kind, DOMAIN) else kind
    found = family_of(kind)
    bare: sa.ColumnElement[Any] = sa.column(name)
    if dialect.name != "postgresql" or found in _AS_IT_IS:
        convert = _guarded(_FROM_DRIVER.get(found, _text))
        return Column(name, found, _spelled(kind, dialect), bare, [_AVRO.get(found, "string")], convert)
    asked = sa.cast(bare, sa.Text)
    if isinstance(kind, sa.ARRAY) and not kind.dimensions:
        item = family_of(kind.item_type)
        items = {"type": "array", "items": ["null", _AVRO.get(item, "string")]}
        read = _of_text(array_of(_FROM_TEXT.get(item, texts.text)))
        return Column(name, "other", _spelled(kind, dialect), asked, [items, "string"], read)
    read = _of_text(_FROM_TEXT.get(found, texts.text))
    return Column(name, found, _spelled(kind, dialect), asked, [_AVRO.get(found, "string")], read)


def family_of(kind: TypeEngine[Any]) -> Family:
    """What a type is for us; times of day with a zone have no number and stay text."""
    if isinstance(kind, sa.Time) and getattr(kind, "timezone", False):
        return "other"
    return next((family for known, family in _FAMILIES if isinstance(kind, known)), "other")


def _spelled(kind: TypeEngine[Any], dialect: sa.Dialect) -> str:
    try:
        return kind.compile(dialect).lower()
    except sa.exc.SQLAlchemyError:
        return "unknown"


def _of_text(convert: Callable[[bytes], Any]) -> Convert:
    return lambda text: convert(text.encode("utf-8", "surrogateescape"))


def _guarded(convert: Convert) -> Convert:
    """What cannot be typed stays text: it does not fit the Avro type, so that the row ends among the dead letters."""

    def read(value: Any) -> Any:
        try:
            return convert(value)
        except (ValueError, TypeError, AttributeError, OverflowError):
            return _text(value)

    return read


def _text(value: Any) -> str:
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value).decode("utf-8", "surrogateescape")
    return format(value, "f") if isinstance(value, Decimal) else str(value)


def _boolean(value: Any) -> bool:
    if value in (0, 1):
        return bool(value)
    raise ValueError("no boolean")


def _date(value: Any) -> int:
    read = date.fromisoformat(value) if isinstance(value, str) else value
    return int(read.toordinal()) - _UNIX_ORDINAL


def _timestamp(value: Any) -> int:
    read = datetime.fromisoformat(value) if isinstance(value, str) else value
    zone = read.utcoffset() or timedelta(0)
    return int((read.replace(tzinfo=None) - _UNIX_EPOCH - zone) // _MICROSECOND)


def _time(value: Any) -> int:
    if isinstance(value, timedelta):
        return value // _MICROSECOND
    read = time.fromisoformat(value) if isinstance(value, str) else value
    return ((read.hour * 60 + read.minute) * 60 + read.second) * 1_000_000 + int(read.microsecond)


_FROM_DRIVER: Final[dict[Family, Convert]] = {
    "boolean": _boolean,
    "long": int,
    "double": float,
    "date": _date,
    "timestamp": _timestamp,
    "time": _time,
    "bytes": bytes,
}
_FROM_TEXT: Final[dict[Family, Callable[[bytes], Any]]] = {
    "boolean": texts.boolean,
    "long": int,
    "double": float,
    "date": texts.date,
    "timestamp": texts.timestamp_with_zone,
    "time": texts.time,
    "bytes": texts.hexadecimal,
}
