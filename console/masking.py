"""Hides the middle of identifiers, so that a screen shows enough to recognise a record and too little to copy it."""

from typing import Any

#: Canonical formats of which a part is enough.
_IDENTIFIERS = frozenset({"citizen_id", "old_id", "tax_code", "phone"})
_SHOWN = 3


def masked(value: Any, canonical: str) -> Any:
    """The value, its middle hidden where its canonical format is an identifier."""
    if value is None or canonical not in _IDENTIFIERS:
        return value
    return _masked_text(str(value))


def masked_key(key: str) -> str:
    """An entity key with its identifier masked; a system's own row number is shown."""
    kind, separator, value = key.partition(":")
    return f"{kind}:{_masked_text(value)}" if separator else key


def _masked_text(text: str) -> str:
    # Short texts show their ends too, but never more than half of themselves.
    shown = min(_SHOWN, len(text) // 4)
    hidden = len(text) - 2 * shown
    return text[:shown] + "•" * hidden + text[len(text) - shown :]
