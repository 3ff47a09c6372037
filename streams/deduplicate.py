"""Is this news, the last word once more, or overtaken? Decided by positions alone, per (system, resource, row)."""

from collections.abc import Iterable
from typing import Literal, NamedTuple, TypeAlias

from schemas.records import ChangeEvent, Claim

#: (epoch, commit, ordinal, mapping, edit): a later word of the same row compares greater.
Position: TypeAlias = tuple[int, int, int, int, int]
#: (epoch, commit, ordinal) of the last marker of one (system, resource): whatever is said below it is void.
Floor: TypeAlias = tuple[int, int, int]
NO_FLOOR: Floor = (-1, 0, 0)

Verdict: TypeAlias = Literal["news", "repeat", "superseded"]


class Weighed(NamedTuple):
    """`claims`: the key's claims after what was news has replaced what was held. `first`: verdict on the first said."""

    claims: list[Claim]
    first: Verdict
    changed: bool


def position(claim: Claim) -> Position:
    """Where in its source's history this claim was made."""
    return claim["epoch"], claim["commit"], claim["ordinal"], claim["mapping"], claim["edit"]


def below(claim: Claim, floor: Floor) -> bool:
    """Whether a marker has voided the claim: its row was gone by then."""
    return (claim["epoch"], claim["commit"], claim["ordinal"]) < floor


def find(claims: Iterable[Claim], system: str, resource: str, row: str) -> Claim | None:
    """The claim held for a row, or None."""
    for claim in claims:
        if claim["row"] == row and claim["resource"] == resource and claim["system"] == system:
            return claim
    return None


def weigh(said: Claim, held: Claim | None, floor: Floor) -> Verdict:
    """What is said now against what is held for the row, and against the floor of its resource."""
    if below(said, floor):
        return "superseded"
    if held is None:
        return "news"
    new, old = position(said), position(held)
    return "news" if new > old else "repeat" if new == old else "superseded"


def is_overtaken(event: ChangeEvent, revision: int, held: Iterable[Claim], floor: Floor) -> bool:
    """Whether something later is known of the event's row. `revision`: of the mapping that would read it."""
    place = event["epoch"], event["commit"], event["ordinal"]
    old = find(held, event["system"], event["resource"], event["row"])
    return place < floor or (old is not None and position(old) > (*place, revision, event["edit"]))


def deduplicate(held: list[Claim], said: list[Claim], floor: Floor) -> Weighed:
    """Every claim said, of one resource and in this order, against those held; `held` stays as it is."""
    claims, verdicts, changed = held, [], False
    for claim in said:
        old = find(claims, claim["system"], claim["resource"], claim["row"])
        verdict = weigh(claim, old, floor)
        verdicts.append(verdict)
        if verdict == "news":
            claims = [other for other in claims if other is not old]
            claims.append(claim)
            changed = True
    return Weighed(claims, verdicts[0] if verdicts else "superseded", changed)
