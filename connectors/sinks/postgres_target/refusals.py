"""Which of PostgreSQL's errors are about the data, for good, and which are trouble that passes or that people mend."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from connectors.errors import SinkUnavailable

NUL_IN_TEXT = "nul_in_text"
VALUE_TOO_LONG = "value_too_long"
BAD_VALUE = "bad_value"
NOT_NULL = "not_null"

_REFUSED_BY_TRIGGER = "refused_by_trigger"
#: SQLSTATE, whole or its class of two characters, to a stable reason. The longest match decides; no match: it passes.
_REASONS = {
    "22001": VALUE_TOO_LONG,
    "54000": VALUE_TOO_LONG,  # longer than an index takes
    "22003": "out_of_range",
    "22021": "untranslatable_text",
    "22P05": "untranslatable_text",
    "22": BAD_VALUE,
    "21000": BAD_VALUE,
    "23001": "foreign_key",
    "23502": NOT_NULL,
    "23503": "foreign_key",
    "23505": "unique_violation",
    "23514": "check_violation",
    "23P01": "exclusion_violation",
    "23": "constraint_violation",
    "44": "check_violation",
    "09": _REFUSED_BY_TRIGGER,
    "27": _REFUSED_BY_TRIGGER,
    "38": _REFUSED_BY_TRIGGER,
    "39": _REFUSED_BY_TRIGGER,
    "P0": _REFUSED_BY_TRIGGER,
}


class Refused(Exception):  # noqa: N818 - reads as what happened; never leaves the sink
    """The data of a statement cannot be written as they are. Without the message of the server: it may hold values."""

    def __init__(
        self, reason: str, *, state: str = "", column: str | None = None, constraint: str | None = None
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.state = state
        self.column = column
        self.constraint = constraint


def reason_of(state: str | None) -> str | None:
    """The stable reason code of a SQLSTATE, or None where the error is not about the data."""
    if not state:
        return None
    return _REASONS.get(state) or _REASONS.get(state[:2])


@contextmanager
def translated(doing: str) -> Iterator[None]:
    """Errors of psycopg inside become Refused or SinkUnavailable, which says what was being done."""
    try:
        yield
    except psycopg.Error as error:
        reason = reason_of(error.sqlstate)
        if reason is not None:
            diag = error.diag
            raise Refused(
                reason, state=error.sqlstate or "", column=diag.column_name, constraint=diag.constraint_name
            ) from None
        if error.sqlstate is None and isinstance(error, psycopg.DataError):
            raise Refused(BAD_VALUE) from None
        raise SinkUnavailable(f"{doing}: {_told(error)}") from error


def _told(error: psycopg.Error) -> str:
    primary = error.diag.message_primary or " ".join(str(error).split()) or type(error).__name__
    state = error.sqlstate or ""
    if state.startswith("42"):
        return f"{primary} (SQLSTATE {state}); run `lienthong check`, which says what to grant or alter"
    if state == "25006":
        return f"{primary}; the target is read-only: point `connect` at the primary"
    if state == "53100":
        return f"{primary}; free disk space on the target"
    return f"{primary} (SQLSTATE {state})" if state else primary
