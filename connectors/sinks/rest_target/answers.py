"""What an answer means for the delivery that it is about: done, refused for good, or trouble that passes.

Whatever is not known to be about this one record is trouble: nothing is lost by asking again.
"""

import re
import time
from collections.abc import Collection, Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Any, Final, NamedTuple

from schemas.records import DeliveryOperation

#: Statuses that speak of the record, with the reason that they mean where the answer gives none.
_REFUSALS: Final = {
    400: "refused",
    409: "conflict",
    410: "gone",
    413: "too_large",
    414: "key_too_long",
    422: "refused",
    431: "key_too_long",
    451: "forbidden_by_law",
}
_REMEDIES: Final = {
    401: "see that the credentials in `connect: headers` are valid",
    403: "let these credentials write there",
    404: "correct `connect: url`, the template of this operation, or `into`",
    405: "correct the template of this operation in `connect`",
    408: "the target did not get the request in time",
    415: "let the target take JSON",
    425: "the target wants to be asked later",
    429: "the target is asked too often",
}
_CODE: Final = re.compile(r"[a-z][a-z0-9_]{0,63}")
_LONGEST_WAIT: Final = 24 * 3600.0


class Done(NamedTuple):
    """The target has it, or something newer."""


class Refused(NamedTuple):
    """Never to be written. The message holds nothing that the target has said but names."""

    reason: str
    message: str
    column: str | None


class Troubled(NamedTuple):
    """To be sent again, not before `wait` seconds from now."""

    message: str
    wait: float


class Answer(NamedTuple):
    """To one delivery. `told`: the JSON object in the body, empty without one. `wait`: Retry-After, in seconds."""

    status: int
    told: Mapping[str, Any]
    wait: float = 0.0


def judged(
    answer: Answer, operation: DeliveryOperation, *, columns: Collection[str], newer: Collection[int]
) -> Done | Refused | Troubled:
    """`columns`: names that a refusal may name. `newer`: statuses by which the target says it holds something newer."""
    status = answer.status
    if 200 <= status < 300 or status in newer:
        return Done()
    # What is to go is not there, or what is to move: a repeat, or never sent.
    if status in (404, 410) and operation != "upsert":
        return Done()
    if status in _REFUSALS:
        return _refused(answer, columns)
    return Troubled(f"answer {status}; {_remedy(status)}", answer.wait)


def retry_after(text: str | None) -> float:
    """Seconds that a Retry-After header asks to wait, by number or by HTTP date; 0 without one, a day at most."""
    if not text:
        return 0.0
    if text.strip().isdigit():
        return min(float(text), _LONGEST_WAIT)
    try:
        at = parsedate_to_datetime(text)
    except ValueError:
        return 0.0
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return min(max(0.0, at.timestamp() - time.time()), _LONGEST_WAIT)


def _refused(answer: Answer, columns: Collection[str]) -> Refused:
    told = answer.told
    named, column = told.get("reason"), told.get("column")
    reason = named if isinstance(named, str) and _CODE.fullmatch(named) else _REFUSALS[answer.status]
    column = column if isinstance(column, str) and column in columns else None
    at = f", column {column}" if column else ""
    return Refused(reason, f"the target answers {answer.status}, reason {reason}{at}", column)


def _remedy(status: int) -> str:
    if status >= 500:
        return "see the target's own log"
    if 300 <= status < 400:
        return "redirects are not followed there; correct `connect: url`, or set `redirects: same_origin`"
    return _REMEDIES.get(status, "see what the target means by it, and correct `connect`")
