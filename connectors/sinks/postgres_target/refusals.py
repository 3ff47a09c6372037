"""Which of PostgreSQL's errors are about the data, for good, and which are trouble that passes or that people mend."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from connectors.errors import SinkUnavailable
from connectors.sqlstates import BAD_VALUE, reason_of


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
