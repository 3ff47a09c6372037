"""Is this news, the last word once more, or overtaken? Decided by positions alone, per (system, resource, row)."""

from collections.abc import Collection, Iterable, Sequence
from typing import Literal, NamedTuple, TypeAlias

from schemas.records import ChangeEvent, Claim
from streams.claims import find, position, void

#: (epoch, commit, ordinal) of the last marker of one (system, resource): whatever is said below it is void.
Floor: TypeAlias = tuple[int, int, int]
NO_FLOOR: Floor = (-1, 0, 0)

Verdict: TypeAlias = Literal["news", "repeat", "superseded"]


class Weighed(NamedTuple):
    """`claims`: the key's claims after what was news has replaced what was held. `first`: verdict on the first said.

    `late`: what came after a later word of its row, and that word, where the late one names other keys. `goes_on`:
    whether nothing later is known of the first one's row.
    """

    claims: list[Claim]
    first: Verdict
    changed: bool
    late: Sequence[tuple[Claim, Claim]] = ()
    goes_on: bool = False


def below(claim: Claim, floor: Floor) -> bool:
    """Whether a marker has voided the claim: its row was gone by then."""
    return (claim["epoch"], claim["commit"], claim["ordinal"]) < floor


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


def deduplicate(
    held: list[Claim], said: Iterable[Claim], floor: Floor, *, keeps: Collection[str] = frozenset()
) -> Weighed:
    """Every claim said under the key itself, of one resource and in this order, against those held; `held` stays as
    it is. `keeps`: see `void`."""
    claims = held
    verdicts: list[Verdict] = []
    late: list[tuple[Claim, Claim]] = []
    taking: list[bool] = []
    for claim in said:
        old = find(claims, claim["system"], claim["resource"], claim["row"])
        verdict = weigh(claim, old, floor)
        verdicts.append(verdict)
        taken = claim if verdict == "news" else None
        if verdict == "superseded" and (claim["formerly"] or claim["aliases"] or below(claim, floor)):
            if old is None or position(claim) > position(old):
                taken = void(claim, keeps)
            else:
                late.append((claim, old))
        if taken is not None:
            claims = [other for other in claims if other is not old]
            claims.append(taken if old is None else _inheriting(taken, old))
        taking.append(taken is not None)
    return Weighed(claims, verdicts[0] if verdicts else "superseded", any(taking), late, taking[:1] == [True])


def _inheriting(claim: Claim, old: Claim) -> Claim:
    """The claim with what its row's last word keeps saying: the keys that it went by, and of a row that is gone all."""
    if not (old["formerly"] or old["aliases"]):
        return claim
    kept = [key for key in old["formerly"] if key not in claim["formerly"] and key != claim["left_to"]]
    formerly = [*claim["formerly"], *kept]
    is_gone = claim["values"] is None and claim["left_to"] is None and old["left_to"] is None
    return {**claim, "formerly": formerly, "aliases": old["aliases"] if is_gone else claim["aliases"]}
