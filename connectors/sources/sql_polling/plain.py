"""Rows, keys and cursors as JSON text, exactly: what this machine keeps of them, and what digests are made of."""

import json
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

#: By exact type: its name in the text, to text, and back. What JSON has itself needs nothing.
_TAGGED: Final[dict[type, tuple[str, Callable[[Any], str], Callable[[str], Any]]]] = {
    bytes: ("bytes", bytes.hex, bytes.fromhex),
    datetime: ("datetime", datetime.isoformat, datetime.fromisoformat),
    date: ("date", date.isoformat, date.fromisoformat),
    time: ("time", time.isoformat, time.fromisoformat),
    timedelta: (
        "microseconds",
        lambda value: str(value // timedelta(microseconds=1)),
        lambda text: timedelta(microseconds=int(text)),
    ),
    Decimal: ("decimal", str, Decimal),
    UUID: ("uuid", str, UUID),
}
_BACK: Final = {f"@{name}": back for name, _, back in _TAGGED.values()}


def dumps(value: Any) -> str:
    """ASCII, so that text that is no Unicode passes too. The same value always gives the same text."""
    return json.dumps(value, default=_tag, separators=(",", ":"))


def loads(text: str) -> Any:
    """What `dumps` was given; tuples come back as lists."""
    return json.loads(text, object_hook=_untag)


def _tag(value: Any) -> dict[str, str]:
    if isinstance(value, bytearray | memoryview):
        value = bytes(value)
    name, to_text, _ = _TAGGED[type(value)]
    return {f"@{name}": to_text(value)}


def _untag(found: dict[str, Any]) -> Any:
    if len(found) == 1:
        [(name, text)] = found.items()
        if name in _BACK:
            return _BACK[name](text)
    return found
