"""From what every system claims to one golden record: who is the authority for what decides, not who spoke last."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from schemas.records import Claim, Entity, EntityState, Status
from streams.claims import Position, is_live, only_repeats, position, says_gone


@dataclass(frozen=True, slots=True)
class Authority:
    """Of one entity: `order` names for every field the systems whose word counts, best first.

    `existence` are the systems that decide whether the entity exists at all, `birth` those that do as long as the
    former have never spoken of it; both empty: any live claim makes it exist.
    """

    order: Mapping[str, tuple[str, ...]]
    existence: frozenset[str]
    birth: frozenset[str] = frozenset()


class Cause(NamedTuple):
    """What brought a change about: its event, the clock of its source, the clock here (microseconds since 1970)."""

    event_id: str
    origin: str
    source_time: int
    now: int
    revision: int


def unknown(key: str) -> EntityState:
    """The state of a key of which nothing was ever heard."""
    return {
        "key": key,
        "version": 0,
        "status": "deleted",
        "value": None,
        "claims": [],
        "routes": [],
        "moved_to": None,
        "aliases": [],
        "source_time": 0,
        "changed_time": 0,
        "revision": 0,
        "links": [],
    }


def merge(
    state: EntityState, claims: list[Claim], authority: Authority, cause: Cause, *, moved_to: str | None = None
) -> EntityState:
    """The state of the key when these claims count there. `moved_to`: the key for which the last change left this one.

    The version rises with each new golden value or status, and with nothing else.
    """
    value = golden(claims, authority)
    if value is not None or is_live(claims):
        moved_to = None
    elif moved_to is None:
        moved_to = state["moved_to"]
    status: Status = "live" if value is not None else "moved" if moved_to is not None else "deleted"
    merged: EntityState = {**state, "claims": claims, "moved_to": moved_to, "status": status, "value": value}
    if status != state["status"] or value != state["value"] or moved_to != state["moved_to"]:
        raise_version(merged, cause)
    return merged


def raise_version(state: EntityState, cause: Cause, *, above: int = 0) -> None:
    """Make the state a version of its own, greater than its last and than `above`."""
    state["version"] = max(state["version"], above) + 1
    state["source_time"] = cause.source_time
    state["changed_time"] = cause.now
    state["revision"] = cause.revision


def golden(claims: Collection[Claim], authority: Authority) -> Entity | None:
    """The golden record; None where the entity does not exist. Every field is in it, unknown ones as None."""
    live = [claim for claim in claims if claim["values"] is not None]
    if not live or not _exists(claims, live, authority):
        return None
    if len(live) == 1 and not live[0]["echoed"]:
        return live[0]["values"]
    by_system: dict[str, list[Claim]] = {}
    for claim in sorted(live, key=_rank, reverse=True):
        by_system.setdefault(claim["system"], []).append(claim)
    return {field: _said_first(field, systems, by_system) for field, systems in authority.order.items()}


def _exists(claims: Collection[Claim], live: Collection[Claim], authority: Authority) -> bool:
    owners, births = authority.existence, authority.birth
    if not owners and not births:
        return any(not only_repeats(claim) for claim in live)
    for claim in live:
        if claim["system"] in owners and not (claim["echoed"] and only_repeats(claim)):
            return True
    if not any(claim["system"] in births and not only_repeats(claim) for claim in live):
        return False
    return not any(claim["system"] in owners and says_gone(claim) for claim in claims)


def _rank(claim: Claim) -> tuple[bool, Position]:
    """Of several rows of one system: what goes by the key itself before what goes by an alias, then the newest."""
    return not claim["under"], position(claim)


def _said_first(field: str, systems: tuple[str, ...], by_system: Mapping[str, list[Claim]]) -> object:
    for system in systems:
        for claim in by_system.get(system, ()):
            values = claim["values"]
            if values is None or field in claim["echoed"]:
                continue
            if values[field] is not None or field in claim["stated_null"]:
                return values[field]
    return None
