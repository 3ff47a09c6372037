"""Floors: a snapshot that has ended, or a truncated table, voids every older claim of its resource.

In each partition its marker leaves a floor: claims below it are void whenever they arrive. Claims travel between
partitions, and one may be on its way to this partition while the marker passes through it. The floor is a state record
like any other, a grave without an entity, so that it is recovered together with the states it guards.
"""

from collections.abc import Callable, Collection, Iterable

from schemas.records import ChangeEvent, Claim, EntityState
from streams.claims import void
from streams.deduplicate import NO_FLOOR, Floor, below
from streams.identify import JUST_BEFORE, claim_of
from streams.merge import unknown

#: No entity key begins like this: those name a kind or a system.
FLOOR_PREFIX = "floor@"


def floor_key(system: str, resource: str) -> str:
    """Key of the state record that holds a resource's floor in a partition."""
    return f"{FLOOR_PREFIX}{system}/{resource}"


def floor_set_by(marker: ChangeEvent) -> Floor | None:
    """The floor that a marker sets, or None.

    A truncate voids what was said before it; the end of a snapshot voids what was said in earlier epochs, for every row
    that is still there was said again in this one.
    """
    if marker["operation"] == "truncate":
        return marker["epoch"], marker["commit"], marker["ordinal"]
    return (marker["epoch"], 0, 0) if marker["operation"] == "snapshot_end" else None


def floor_record(marker: ChangeEvent, floor: Floor) -> EntityState:
    """A floor as a state: its position is that of its one claim, which says nothing."""
    epoch, commit, ordinal = floor
    claim: Claim = claim_of(marker, "", revision=JUST_BEFORE) | {
        "epoch": epoch,
        "commit": commit,
        "ordinal": ordinal,
        "edit": 0,
        "ours": None,
    }
    return {**unknown(floor_key(marker["system"], marker["resource"])), "claims": [claim]}


def floor_in(state: EntityState | None) -> Floor:
    """The floor that a state record holds; NO_FLOOR where there is none."""
    if state is None:
        return NO_FLOOR
    claim = state["claims"][0]
    return claim["epoch"], claim["commit"], claim["ordinal"]


def standing(
    claims: Iterable[Claim], floor_of: Callable[[str, str], Floor], *, keeps: Collection[str]
) -> tuple[list[Claim], set[str]]:
    """The claims that stand, and whose claims have fallen: of those, from now on the floor keeps the positions.

    `keeps`: see `void`.
    """
    remaining, fallen = list[Claim](), set[str]()
    for claim in claims:
        left: Claim | None = claim
        if below(claim, floor_of(claim["system"], claim["resource"])):
            left = void(claim, keeps)
            if left is not claim:
                fallen.add(claim["system"])
        if left is not None:
            remaining.append(left)
    return remaining, fallen
