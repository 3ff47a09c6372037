"""Hides the middle of identifiers, so that a screen shows enough to recognise a record and too little to copy it."""

import re
from typing import Any

#: Canonical formats of which a part is enough.
_IDENTIFIERS = frozenset({"citizen_id", "old_id", "tax_code", "phone"})
_SHOWN = 3
_LONG_NUMBER = re.compile(r"\d{8,}")


def masked(value: Any, canonical: str) -> Any:
    """The value, its middle hidden where its canonical format is an identifier."""
    if value is None or canonical not in _IDENTIFIERS:
        return value
    return _masked_text(str(value))


def masked_key(key: str) -> str:
    """An entity key with its identifier masked; a system's own row number is shown, unless it is an identifier."""
    system, is_local, row = key.partition("#")
    if is_local:
        return f"{system}#{masked_row(row)}"
    kind, separator, value = key.partition(":")
    return f"{kind}:{_masked_text(value)}" if separator else key


def masked_row(row: str) -> str:
    """What a system calls its row. Tables are keyed by identifiers too: so many digits are taken for one."""
    return _LONG_NUMBER.sub(lambda number: _masked_text(number.group()), row)


def _masked_text(text: str) -> str:
    # Short texts show their ends too, but never more than half of themselves.
    shown = min(_SHOWN, len(text) // 4)
    hidden = len(text) - 2 * shown
    return text[:shown] + "•" * hidden + text[len(text) - shown :]
