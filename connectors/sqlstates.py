"""Which SQLSTATEs are about the data, for good; all others are trouble that passes or that people mend."""

from typing import Final

NUL_IN_TEXT: Final = "nul_in_text"
VALUE_TOO_LONG: Final = "value_too_long"
BAD_VALUE: Final = "bad_value"
NOT_NULL: Final = "not_null"
CONSTRAINT_VIOLATION: Final = "constraint_violation"

_REFUSED_BY_TRIGGER: Final = "refused_by_trigger"
#: SQLSTATE, whole or its class of two characters, to a stable reason. The longest match decides; no match: it passes.
_REASONS: Final = {
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
    "23": CONSTRAINT_VIOLATION,
    "44": "check_violation",
    "09": _REFUSED_BY_TRIGGER,
    "27": _REFUSED_BY_TRIGGER,
    "38": _REFUSED_BY_TRIGGER,
    "39": _REFUSED_BY_TRIGGER,
    "P0": _REFUSED_BY_TRIGGER,
}


def reason_of(state: str | None) -> str | None:
    """The stable reason code of a SQLSTATE, or None where the error is not about the data."""
    if not state:
        return None
    return _REASONS.get(state) or _REASONS.get(state[:2])
