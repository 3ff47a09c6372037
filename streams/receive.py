"""Claims that another key has sent: words of rows that have come here, and copies of those that count here."""

from collections.abc import Callable, Collection, Iterable, Sequence

from schemas.records import Claim, Forward
from streams.claims import row_name, void
from streams.deduplicate import Floor, Verdict, below, deduplicate
from streams.turn import Turn, learn, tell_aliases

#: (system, resource) -> its floor in this partition.
Floors = Callable[[str, str], Floor]


def receive(turn: Turn, forward: Forward, claims: Sequence[Claim], floor_of: Floors, keeps: Collection[str]) -> Verdict:
    """Takes what a forward brings into the turn. `claims`: those of the forward, as this key has heard them.

    Under no key: a row's own word. Under the sender: copies, which count here as long as the sender says so. Under a
    third key: copies that came along with a row. Under this key: what became of its own claims where they count.
    """
    key, sender = turn.state["key"], forward["formerly"]
    is_here = forward["target"] == key
    own = [claim for claim in claims if not claim["under"]]
    copies = [_standing(claim, floor_of, keeps) for claim in claims if claim["under"] == sender and is_here]
    turn.claims = _obey(turn.claims, sender, copies, are_all=forward["complete"] or not is_here)
    first: Verdict = "repeat" if copies else "superseded"
    for claim in own:
        weighed = deduplicate(turn.claims, [claim], floor_of(claim["system"], claim["resource"]), keeps=keeps)
        turn.claims, first = weighed.claims, weighed.first
        learn(turn, weighed.late)
    tell_aliases(turn, own, sender)
    if first == "news":
        along = [_standing(claim, floor_of, keeps) for claim in claims if claim["under"] not in ("", sender, key)]
        turn.claims = _take_along(turn.claims, along)
    if first == "news" or copies:
        turn.state["aliases"] = [*(alias for alias in turn.state["aliases"] if alias != sender), sender]
    return first


def _standing(copy: Claim, floor_of: Floors, keeps: Collection[str]) -> Claim:
    """A copy, or what remains of it below a floor."""
    if copy["left_to"] is not None or not below(copy, floor_of(copy["system"], copy["resource"])):
        return copy
    return void(copy, keeps) or {**copy, "left_to": copy["under"]}


def _obey(claims: list[Claim], sender: str, copies: Sequence[Claim], *, are_all: bool) -> list[Claim]:
    """The claims with the copies as their sender has them; the same list where nothing changes.

    `are_all`: whether the sender has no others for this key. A copy that has left is no more.
    """
    rows = {row_name(copy) for copy in copies}
    kept = [claim for claim in claims if not are_all or claim["under"] != sender or row_name(claim) in rows]
    for copy in copies:
        old = next((c for c in kept if c["under"] == copy["under"] and row_name(c) == row_name(copy)), None)
        if old == copy or (old is None and copy["left_to"] is not None):
            continue
        kept = [claim for claim in kept if claim is not old]
        if copy["left_to"] is None:
            kept.append(copy)
    unchanged = len(kept) == len(claims) and all(a is b for a, b in zip(kept, claims, strict=True))
    return claims if unchanged else kept


def _take_along(claims: list[Claim], copies: Iterable[Claim]) -> list[Claim]:
    """The claims with copies that came along with a row, until their alias sends its own. What an alias has sent counts
    more."""
    known = {claim["under"] for claim in claims}
    return [*claims, *(copy for copy in copies if copy["under"] not in known and copy["left_to"] is None)]
