"""Claims that another key has sent: words of rows that have come here, and copies of those that count here."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

from schemas.records import Claim, Forward
from streams.claims import find, is_gone, of_row, position, row_name, void
from streams.deduplicate import Floor, Verdict, below, deduplicate
from streams.links import target_of
from streams.sent_echo import heed, recall
from streams.turn import Turn, learn, tell_aliases
from streams.two_way import TwoWay

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
    turn.went = {row_name(copy): copy["left_to"] for copy in forward["claims"] if copy["left_to"] not in (None, sender)}
    turn.claims = _obey(turn.claims, sender, copies, are_all=forward["complete"] or not is_here)
    first: Verdict = "repeat" if copies else "superseded"
    for claim in own:
        _remember(turn, claim)
        weighed = deduplicate(turn.claims, [claim], floor_of(claim["system"], claim["resource"]), keeps=keeps)
        turn.claims, first = weighed.claims, weighed.first
        learn(turn, weighed.late)
    turn.followed = {_place(turn, claim) for claim in own}
    tell_aliases(turn, own, sender)
    if first == "news":
        along = [_standing(claim, floor_of, keeps) for claim in claims if claim["under"] not in ("", sender, key)]
        turn.claims = _take_along(turn.claims, along)
    if first == "news" or copies:
        turn.state["aliases"] = [*(alias for alias in turn.state["aliases"] if alias != sender), sender]
    return first


def take_to_heart(turn: Turn, sender: str, claims: Iterable[Claim], two_ways: Mapping[str, TwoWay]) -> None:
    """What became of this key's claims where they count: what of them was only shown, see `sent_echo`. Where an alias
    sent a row here, the alias is told, too."""
    key = turn.state["key"]
    by_target = sender == target_of(turn.links, key)
    for told in claims:
        if told["under"] != key or told["system"] not in two_ways:
            continue
        fields = two_ways[told["system"]].fields.get(told["resource"], {})
        for held in of_row(told, turn.claims):
            known = held if held["under"] and not by_target else heed(held, told, fields, by_target=by_target)
            if known != held:
                turn.claims = [known if claim is held else claim for claim in turn.claims]
                if held["under"]:
                    turn.passed.append((held["under"], {**told, "under": held["under"]}))


def still_owed(turn: Turn, sender: str, two_ways: Mapping[str, TwoWay]) -> list[tuple[str, str]]:
    """(key, system) for each own row of a system whose copy the sender has taken back: what the row was sent from here
    may reach it after what it is sent from there, or from where it is now."""
    if turn.claims is turn.state["claims"]:
        return []
    found: dict[tuple[str, str], None] = {}
    for copy in turn.state["claims"]:
        two_way = two_ways.get(copy["system"]) if copy["under"] == sender and copy["values"] is not None else None
        if two_way is None or not two_way.own_rows or copy["resource"] not in two_way.fields:
            continue
        if all(held["under"] != sender for held in of_row(copy, turn.claims)):
            found[turn.went.get(row_name(copy), sender), copy["system"]] = None
    return [(key, system) for key, system in found if key != turn.state["key"]]


def _remember(turn: Turn, earlier: Claim) -> None:
    """Where a row was heard of before what it had said until then, the one is now told by the other, here or where the
    row has gone since."""
    held = find(turn.claims, *row_name(earlier))
    if held is None or not held.get("unheard") or earlier["values"] is None or position(earlier) >= position(held):
        return
    if is_gone(held):
        return  # it is gone, and tells no more than which keys are one: see learn
    known: Claim = {**held, "unheard": earlier.get("unheard", False)}
    if held["values"] is not None:
        known = recall(held, earlier)
    elif held["left_to"] is not None:
        turn.passed.append((held["left_to"], earlier))
    turn.claims = [known if claim is held else claim for claim in turn.claims]


def _place(turn: Turn, claim: Claim) -> str:
    """The key at which the claim's row is now, as far as is known here; empty where it is gone."""
    held = find(turn.claims, *row_name(claim))
    if held is None or held["values"] is not None:
        return turn.state["key"] if held is not None else ""
    return held["left_to"] or ""


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
