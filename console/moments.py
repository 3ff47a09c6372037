"""Moments as people write them: so long ago, a day, a day and a time; of the city's own clock."""

import re
from datetime import datetime
from typing import Final

from console.errors import ConsoleError
from schemas.rules.dates import ZONE

_SPAN: Final = re.compile(r"(\d+)\s*(s|m|min|h|d)")
_SECONDS: Final = {"s": 1, "m": 60, "min": 60, "h": 3_600, "d": 86_400}
_FORMS: Final = ("%d/%m/%Y %H:%M:%S", "%d/%m/%Y %H:%M", "%d/%m/%Y")


def moment_of(text: str, *, now: int) -> int:
    """Microseconds since 1970; 0 for an empty text. `now` likewise. Raises ConsoleError."""
    text = text.strip()
    if not text:
        return 0
    if span := _SPAN.fullmatch(text):
        return now - int(span[1]) * _SECONDS[span[2]] * 1_000_000
    for form in _FORMS:
        try:
            return _microseconds(datetime.strptime(text, form))
        except ValueError:
            continue
    try:
        return _microseconds(datetime.fromisoformat(text))
    except ValueError:
        raise ConsoleError(
            f"reading the moment {text!r}: write how long ago (90s, 30min, 2h, 3d), a day (27/11/2026, 2026-11-27), or "
            "a day and a time (27/11/2026 08:00, 2026-11-27T08:00)"
        ) from None


def _microseconds(found: datetime) -> int:
    return round((found if found.tzinfo else found.replace(tzinfo=ZONE)).timestamp() * 1_000_000)
