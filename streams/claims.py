"""What can be told of one claim alone, or found among several."""

from collections.abc import Collection, Iterable
from typing import TypeAlias

from schemas.manifest import EXISTENCE
from schemas.records import Claim, Link

#: (epoch, commit, ordinal, mapping, edit): a later word of the same row compares greater.
Position: TypeAlias = tuple[int, int, int, int, int]
#: (system, resource, row): who says it.
RowName: TypeAlias = tuple[str, str, str]


def position(said: Claim | Link) -> Position:
    """Where in its source's history this was said."""
    return said["epoch"], said["commit"], said["ordinal"], said["mapping"], said["edit"]


def row_name(said: Claim | Link) -> RowName:
    """Which row says it."""
    return said["system"], said["resource"], said["row"]


def find(claims: Iterable[Claim], system: str, resource: str, row: str) -> Claim | None:
    """What the key itself holds of a row (and not what an alias has sent it), or None."""
    for claim in claims:
        if claim["row"] == row and claim["resource"] == resource and claim["system"] == system and not claim["under"]:
            return claim
    return None


def of_row(claim: Claim, claims: Iterable[Claim]) -> list[Claim]:
    """What is held of the claim's row: by the key itself, and by each alias that has sent it."""
    name = row_name(claim)
    return [held for held in claims if held["row"] == claim["row"] and row_name(held) == name]


def is_live(claims: Collection[Claim]) -> bool:
    """Whether any row still says something."""
    return any([claim["values"] is not None for claim in claims])  # noqa: C419 - a generator costs twice as much here


def shows(claim: Claim) -> list[str]:
    """The fields that a row says or shows, also those that it states to be empty."""
    values, nulls = claim["values"] or {}, claim["stated_null"]
    return [name for name, value in values.items() if value is not None or name in nulls]


def only_repeats(claim: Claim) -> bool:
    """Whether a live claim says nothing of its own, not even that somebody exists: its row was made by a delivery, and
    all that it shows was delivered to it."""
    echoed = claim["echoed"]
    return EXISTENCE in echoed and claim["values"] is not None and all(name in echoed for name in shows(claim))


def is_gone(claim: Claim) -> bool:
    """Whether the row is no more, here or elsewhere."""
    return claim["values"] is None and claim["left_to"] is None


def says_gone(claim: Claim) -> bool:
    """Whether a retracted claim is its system's word that the entity is no more: its row is neither elsewhere nor was
    it we who took it away."""
    return is_gone(claim) and EXISTENCE not in claim["echoed"]


def void(claim: Claim, keeps: Collection[str]) -> Claim | None:
    """What remains of a claim that a marker has voided.

    `keeps`: systems whose word that a row is gone, or has left, stays said: those that decide who exists, and those
    that say which keys are one.
    """
    if claim["system"] not in keeps:
        return None
    if claim["values"] is None:
        return claim
    echoed = [EXISTENCE] if only_repeats(claim) else []
    return {**claim, "values": None, "stated_null": [], "echoed": echoed, "held": [], "unheard": False}
