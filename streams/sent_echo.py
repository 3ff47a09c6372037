"""The same for claims that other keys send: what a row only shows is found where its words count, and told at its home.

Deliveries are sent by the key where a row's words count, its events arrive where the row's own key leads. So copies are
judged where they count, and the row's home is told, also a home to which it has gone since: else what was only shown
would be the row's word as soon as its claims count elsewhere.
"""

from collections.abc import Callable, Collection, Mapping
from typing import TypedDict

from schemas.manifest import EXISTENCE
from schemas.records import Claim, Entity, EntityState
from streams.claims import of_row, position
from streams.deduplicate import Floor
from streams.ear import NOTHING, Ear, Heard, counts
from streams.two_way import TwoWay


class _Spoken(TypedDict):
    values: Entity | None
    stated_null: list[str]
    echoed: list[str]


def suppress_sent_echo(
    claims: list[Claim], state: EntityState, floor_of: Callable[[str, str], Floor], two_ways: Mapping[str, TwoWay]
) -> tuple[list[Claim], Heard, list[tuple[str, Claim]]]:
    """Claims that another key sends, whose owner knew nothing of what was on its way to their rows from here.

    Third: what the owner of each row's key is to be told of what was only shown, see `heed`.
    """
    if not two_ways:
        return claims, NOTHING, []
    heard, found, told = Heard(), list[Claim](), list[tuple[str, Claim]]()
    for claim in claims:
        two_way = two_ways.get(claim["system"]) if claim["under"] != state["key"] else None
        judged = claim if two_way is None else _judged(claim, state, floor_of, two_way, heard)
        found.append(judged)
        home = claim["left_to"] or claim["under"]
        if home and judged["values"] is not None and _speech(judged) != _speech(claim):
            told.append((home, {**judged, "under": home, "left_to": None}))
    return found, heard, told


def _judged(
    claim: Claim, state: EntityState, floor_of: Callable[[str, str], Floor], two_way: TwoWay, heard: Heard
) -> Claim:
    moves = claim["left_to"] is not None
    if moves and (claim["values"] is None or not claim["under"]):
        return claim
    fields = two_way.fields.get(claim["resource"], {})
    if not counts(claim, state, floor_of(claim["system"], claim["resource"]), two_way):
        copies = [held for held in of_row(claim, state["claims"]) if claim["under"] and held["under"] == claim["under"]]
        again = next((held for held in copies if position(held) == position(claim)), None)
        return claim if again is None else _once_more(claim, again, fields)
    ear = Ear(state, two_way, heard)
    before = ear.take_over([claim])
    if claim["values"] is None:
        judged = ear.leave(claim, before, is_gone=True)
    elif moves:
        judged = claim if before is None else ear.listen(claim, before, moves=True)
        ear.forget(claim)
    else:
        judged = ear.listen_to_sent(claim, before)
    ear.note()
    return _as_at_home(claim, judged, fields) if claim["under"] else judged


def _once_more(claim: Claim, held: Claim, fields: Collection[str]) -> Claim:
    """A copy that has been judged when it came first. Its home may have heard more of the row since."""
    if not held.get("unheard"):
        return _as_at_home(claim, held, fields)
    return claim if claim.get("ours") else _as_at_home(claim, _also_shown(claim, held), fields)


def _as_at_home(claim: Claim, judged: Claim, fields: Collection[str]) -> Claim:
    """The copy with what is found here of the fields that are sent to its row; all else is known best at its home."""
    if claim["values"] is None or judged["values"] is None:
        return judged
    values = {**claim["values"], **{name: judged["values"].get(name) for name in fields}}
    return {
        **claim,
        "values": values,
        "stated_null": _mixed(claim["stated_null"], judged["stated_null"], fields),
        "echoed": _mixed(claim["echoed"], judged["echoed"], fields),
    }


def _mixed(own: list[str], found: list[str], fields: Collection[str]) -> list[str]:
    names = {name for name in own if name not in fields} | {name for name in found if name in fields}
    return own if names == set(own) else sorted(names)


def _speech(claim: Claim) -> _Spoken:
    return {"values": claim["values"], "stated_null": claim["stated_null"], "echoed": claim["echoed"]}


def heed(held: Claim, told: Claim, fields: Collection[str], *, by_target: bool) -> Claim:
    """What is held of a row, once the owner of the key where it counts, or counted, has told what it only shows.

    `fields`: those that are sent to the row; of others nobody knows better. `by_target`: this key's claims count there,
    so that nobody knows better of those either; else more may be known here.
    """
    if held["values"] is None or position(told) > position(held):
        return held
    if position(told) < position(held):
        return _as_at_home(held, recall(held, told), fields)
    return _as_at_home(held, told if by_target else _also_shown(held, told), fields)


def _also_shown(held: Claim, told: Claim) -> Claim:
    same = [name for name in told["echoed"] if value_of(held, name) == value_of(told, name)]
    return {**held, "echoed": [*held["echoed"], *(name for name in same if name not in held["echoed"])]}


def recall(held: Claim, earlier: Claim) -> Claim:
    """What is held of a row that was not known when it was heard, once its earlier word has come: what stands there as
    it stood then is said, or only shown, as it was then."""
    echoed = {name for name in held["echoed"] if name != EXISTENCE}
    for name in held["values"] or {}:
        if value_of(held, name) == value_of(earlier, name):
            (echoed.add if name in earlier["echoed"] else echoed.discard)(name)
    made = [EXISTENCE] if EXISTENCE in earlier["echoed"] else []
    found = [*(name for name in held["values"] or {} if name in echoed), *made]
    return {**held, "echoed": found, "unheard": earlier.get("unheard", False)}


def value_of(claim: Claim, name: str) -> object:
    """What the row says or shows in a field."""
    return (claim["values"] or {}).get(name)
