"""Who says what of a field, who decides, and why: the rules of `streams.merge` as reasons that a person can read."""

from collections.abc import Iterator
from enum import StrEnum
from typing import NamedTuple

from schemas.catalogue import Catalogue
from schemas.records import Claim, EntityState, HeldField, Link
from streams.claims import only_repeats, position
from streams.links import target_of
from streams.stand import standing


class Standing(StrEnum):
    """Why a word counts, or does not. The first three decide."""

    owner = "owner"
    next = "next"
    first = "first"
    kept = "kept"
    echoed = "echoed"
    held = "held"
    unheard = "unheard"


DECIDES = frozenset({Standing.owner, Standing.next, Standing.first})


class Saying(NamedTuple):
    """What one claim says of one field; a stated empty value is None. `held`: what it could not say by itself."""

    claim: Claim
    value: str | None
    standing: Standing
    held: HeldField | None = None


class Existence(NamedTuple):
    """Why a record exists, or not: the word for it, the systems that say so, and those that decide."""

    word: str
    systems: tuple[str, ...]
    owners: tuple[str, ...]


def stands_for(state: EntityState) -> str | None:
    """The key that stands for this one: where its entity has moved, or what rows agree to say of it."""
    if state["status"] == "live":
        return None
    return state["moved_to"] or target_of(state["links"], state["key"])


def disputed(state: EntityState) -> list[tuple[Link, str]]:
    """What rows say of this key's being another's alias, where they disagree so that it stands for itself."""
    said = [(link, link["target"]) for link in state["links"] if link["system"] and link["target"] is not None]
    agreed = len({target for _, target in said}) < 2 or target_of(state["links"], state["key"]) is not None
    return [] if agreed else said


def live_claims(state: EntityState) -> list[Claim]:
    """Those of rows that are there, and count here."""
    return [claim for claim in _counted(state) if claim["values"] is not None]


def gone_claims(state: EntityState) -> list[Claim]:
    """The last words of rows that are gone or have left."""
    return [claim for claim in _counted(state) if claim["values"] is None and claim["row"]]


def _counted(state: EntityState) -> list[Claim]:
    return standing(state["claims"], target_of(state["links"], state["key"]))


def sayings(state: EntityState, catalogue: Catalogue, *, entity: str, field: str) -> list[Saying]:
    """Every live claim that has a word on the field: the one that decides, those that would be next, those that do not
    count because they only show what they were sent, and those that wait for a person."""
    order = catalogue.order(entity, field)
    claims = [claim for claim in live_claims(state) if claim["system"] in order]
    claims.sort(key=position, reverse=True)
    # Rows under this very key come before those under an alias.
    claims.sort(key=lambda claim: (order.index(claim["system"]), bool(claim["under"])))
    told = [claim for claim in claims if _tells(claim, field)]
    spoken = [claim for claim in told if field not in claim["echoed"]]
    found = [Saying(claim, _value(claim, field), Standing.kept) for claim in spoken]
    if state["status"] != "live":
        found = [saying._replace(standing=Standing.unheard) for saying in found]
    elif found:
        found[0] = found[0]._replace(standing=_reason(found[0].claim, owners_of(catalogue, entity, field)))
    found += [Saying(claim, _value(claim, field), Standing.echoed) for claim in told if field in claim["echoed"]]
    return [*found, *_held(claims, field)]


def owners_of(catalogue: Catalogue, entity: str, field: str) -> list[str]:
    """Systems that own the field."""
    return [
        system
        for system in catalogue.publishers(entity)
        if any(field in publication.owns for publication in catalogue.publications(system, entity))
    ]


def existence(state: EntityState, catalogue: Catalogue, *, entity: str) -> Existence:
    """Who makes the record exist, or why it does not."""
    births = catalogue.births(entity)
    owners = catalogue.existence_owners(entity) or births
    saying = {claim["system"] for claim in live_claims(state) if not only_repeats(claim)}
    if state["status"] != "live":
        return Existence("existence_gone" if owners else "existence_none", (), owners)
    if by_owner := tuple(system for system in owners if system in saying):
        return Existence("existence_owner", by_owner, owners)
    if by_birth := tuple(system for system in births if system in saying):
        return Existence("existence_birth", by_birth, owners)
    return Existence("existence_any", tuple(sorted(saying)), owners)


def _tells(claim: Claim, field: str) -> bool:
    return _value(claim, field) is not None or field in claim["stated_null"]


def _value(claim: Claim, field: str) -> str | None:
    value: str | None = (claim["values"] or {}).get(field)
    return value


def _reason(claim: Claim, owners: list[str]) -> Standing:
    if claim["system"] in owners:
        return Standing.owner
    return Standing.next if owners else Standing.first


def _held(claims: list[Claim], field: str) -> Iterator[Saying]:
    for claim in claims:
        for held in claim["held"]:
            if held["field"] == field:
                yield Saying(claim, None, Standing.held, held)
