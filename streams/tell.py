"""What the owners of other keys are told of a turn: links for aliases, claims for where they go or where they count."""

from typing import NamedTuple

import structlog

from schemas.records import Claim, EntityState, Link
from streams.claims import RowName, row_name
from streams.emit import Parcel, Sender
from streams.links import still_here, target_of, told, words
from streams.stand import Shared, shared
from streams.turn import Turn

#: So many forwards may one record cause, one after the other. A circle of aliases must not spin.
MOST_HOPS = 8

_log = structlog.get_logger(__name__)


class Telling(NamedTuple):
    """`links`: (alias, what its owner is told). Each key gets one parcel at most."""

    links: list[tuple[str, Link]]
    parcels: list[Parcel]


class _Parcels(dict[str, Parcel]):
    def __missing__(self, key: str) -> Parcel:
        parcel = self[key] = Parcel(key)
        return parcel


def tell(turn: Turn, sender: Sender, goes: str | None, renamed: list[str]) -> Telling:
    """`goes`: the key to which the subscribers `renamed` were sent, each of whom its owner owes the present truth."""
    parcels, links = _Parcels(), list(turn.words)
    for to, claim in turn.passed:
        parcels[to].claims.append(claim)
    for to in turn.answered:
        parcels[to]  # says by itself where the sender's claims count
    if turn.hops < MOST_HOPS:
        was = target_of(turn.state["links"], sender.key)
        before, now = told(turn.state["claims"], sender.key, was), told(turn.claims, sender.key, sender.target)
        links += words(before, now, turn.claims, sender.key)
        _share(turn, was, sender, parcels)
    else:
        _log.warning("a circle of aliases, or too long a chain: nothing more is sent on", hops=turn.hops)
    if renamed and goes is not None:
        parcels[goes].renamed += renamed
    for to, system in turn.owes if turn.hops < MOST_HOPS else ():
        if system not in parcels[to].renamed:
            parcels[to].renamed.append(system)
    return Telling(links, list(parcels.values()))


def copies_again(turn: Turn, target: str, names: set[RowName]) -> list[Claim]:
    """The copies of these rows, for a target that has them."""
    again = {name: claim for name, claim in shared(_here(turn.state), target).items() if name in names}
    return _changed({}, again, turn)


def _share(turn: Turn, was: str | None, sender: Sender, parcels: _Parcels) -> None:
    """The key that stands for the sender gets copies of what has changed; the one that did so before is told."""
    known, now = shared(_here(turn.state), was), shared(still_here(turn.claims, turn.links), sender.target)
    if was is not None and was != sender.target and known:
        parcels[was]  # as above
    if sender.target is None:
        return
    if (was != sender.target or turn.sends_all) and turn.claims:
        parcels[sender.target].is_complete = True
        known = {}
    if copies := _changed(known, now, turn):
        parcels[sender.target].claims += copies


def _here(state: EntityState) -> list[Claim]:
    return still_here(state["claims"], state["links"])


def _changed(known: Shared, now: Shared, turn: Turn) -> list[Claim]:
    key = turn.state["key"]
    changed: list[Claim] = [{**claim, "under": key} for name, claim in now.items() if known.get(name) != claim]
    last = {row_name(claim): claim for claim in turn.claims}
    for name, claim in known.items():
        if name not in now:
            gone = last.get(name, claim)
            left_to = gone["left_to"] or turn.went.get(name, key)
            changed.append({**gone, "values": None, "under": key, "left_to": left_to})
    return changed
