"""Which of the claims that a key holds count here?

A claim stays with the key under which its row's events arrive. Where that key is an alias, the key which stands for it
gets a copy, `under` the alias, and keeps exactly those copies that the alias has sent. So nothing is lost when rows
change their mind.
"""

from collections.abc import Iterable, Iterator
from typing import TypeAlias

from schemas.records import Claim
from streams.claims import RowName, position, row_name

#: By row, what is to be known of it where the key's claims count.
Shared: TypeAlias = dict[RowName, Claim]


def standing(claims: list[Claim], target: str | None) -> list[Claim]:
    """The claims that count here, one a row; such as count elsewhere, as withdrawn. `target` stands for this key."""
    if target is None:
        plain = not any([claim["under"] for claim in claims])  # noqa: C419 - as in claims.is_live
        return claims if plain else [last[0] for last in _last_words(claims)]
    return [_in_circle(last) or _elsewhere(last[0], target) for last in _last_words(claims)]


def shared(claims: list[Claim], target: str | None) -> Shared:
    """What the key that stands for this one is to hold: every row's last word, unless that was to leave."""
    if target is None:
        return {}
    return {row_name(last[0]): last[0] for last in _last_words(claims) if last[0]["left_to"] is None}


def _last_words(claims: Iterable[Claim]) -> Iterator[list[Claim]]:
    """Of each row the claims with its last position, the one that counts first."""
    rows: dict[RowName, list[Claim]] = {}
    for claim in claims:
        rows.setdefault(row_name(claim), []).append(claim)
    for said in rows.values():
        newest = max(map(position, said))
        yield sorted((claim for claim in said if position(claim) == newest), key=_rank)


def _rank(claim: Claim) -> tuple[bool, bool, str]:
    return claim["values"] is None, claim["left_to"] is not None, claim["under"]


def _in_circle(last: list[Claim]) -> Claim | None:
    """The claim, where it has come back to this key under another: a circle of aliases decides nothing, all stay."""
    live = [claim for claim in last if claim["values"] is not None]
    return live[0] if len(live) > 1 else None


def _elsewhere(claim: Claim, key: str) -> Claim:
    return {**claim, "values": None, "left_to": claim["left_to"] or key}
