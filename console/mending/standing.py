"""Where a dead letter stands: what people decided about it, and what has happened to its row since."""

from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Final

from schemas.records import Action, ChangeEvent, Claim, Decision
from streams.claims import find
from streams.deduplicate import Floor
from streams.identify import JUST_BEFORE


class Standing(StrEnum):
    """`superseded`: a later state of its row has overtaken it. `settled`: it has been processed since, as it was."""

    open = "open"
    edited = "edited"
    retried = "retried"
    settled = "settled"
    superseded = "superseded"
    discarded = "discarded"


_DECIDED: Final[dict[Action, Standing]] = {
    "edit": Standing.edited,
    "retry": Standing.retried,
    "discard": Standing.discarded,
    "supersede": Standing.superseded,
}


def decided(decisions: Iterable[Decision]) -> Standing:
    """By the last decision that changes anything; `decisions` in their order."""
    found = Standing.open
    for decision in decisions:
        found = _DECIDED.get(decision["action"], found)
    return found


def since(event: ChangeEvent, claims: Iterable[Claim], floor: Floor) -> Standing:
    """What has become of a quarantined event. `claims`, `floor`: as the key and the resource have them now."""
    place = event["epoch"], event["commit"], event["ordinal"]
    if place < floor:
        return Standing.superseded
    held = find(claims, event["system"], event["resource"], event["row"])
    if held is None:
        return Standing.open
    known = held["epoch"], held["commit"], held["ordinal"]
    if known > place:
        return Standing.superseded
    return Standing.settled if known == place and held["mapping"] != JUST_BEFORE else Standing.open


def edits_of(decisions: Sequence[Decision], captured: int) -> int:
    """The edit revision of the next correction. `captured`: that of the event as it was quarantined."""
    return captured + 1 + sum(decision["action"] == "edit" for decision in decisions)
