"""Lines of a CSV file after RFC 4180: comma, double quotes, CRLF. No cell is a formula for the program that opens it.

A text is quoted always, a missing value never: `""` is the empty text and nothing at all is no value, as PostgreSQL's
COPY reads it. A cell that a spreadsheet could take for a formula (OWASP, "CSV Injection") gets an apostrophe in front:
one that begins with = + - @ (also in full width, also after spaces), a tab or a line break. So does one that begins
with such an apostrophe already: whoever takes one away from each of those has the exact text back.
"""

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, Final

#: Excel takes a file for UTF-8 only where it begins with this.
BOM: Final = "\ufeff"
_FORMULA = re.compile(r"'*(?:[\t\r\n]|\s*[=+\-@＝＋－＠])")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def line(values: Iterable[Any]) -> str:
    """One record, with its line break. None: no value."""
    return ",".join(map(_cell, values)) + "\r\n"


def moment_text(microseconds: int) -> str | None:
    """A time in microseconds since 1970 as ISO 8601 in UTC; None for 0, which is no time."""
    if not microseconds:
        return None
    # By whole numbers: a float would round.
    return (_EPOCH + timedelta(microseconds=microseconds)).isoformat(timespec="microseconds")


def _cell(value: Any) -> str:
    if value is None:
        return ""
    text = value if isinstance(value, str) else _plain(value)
    if isinstance(value, str) and _FORMULA.match(text):
        text = "'" + text
    return '"' + text.replace('"', '""') + '"'


def _plain(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
