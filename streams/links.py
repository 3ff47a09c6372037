"""What rows say of keys: that one is another name of the entity which stands under the row's own key.

A row's key is its home: the owner of that key knows all that the row says. It tells every key that the row names (an
alias) by a link, and takes the link back with the row's next word that names it no more. All rows must agree, else the
alias stands for itself: two people are never made one by a guess.

A home that is an alias itself tells where it stands, by a word of its own (a link without a system). So rows that name
the same alias agree as soon as their own keys are one entity.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, TypeAlias

from schemas.records import Claim, Link
from streams.claims import RowName, find, position, row_name

#: (alias, who says so; without a system the key that tells where it stands) -> the key that the alias is said to belong
#: to, and the claim that says it.
Told: TypeAlias = Mapping[tuple[str, RowName], tuple[str, Claim | None]]

_NEVER: Final = (-1, 0, 0)


def target_of(links: Sequence[Link], key: str) -> str | None:
    """The key that stands for this one; None where no row says that one does, or rows disagree."""
    if not links:
        return None
    said = {link["target"] for link in links if link["system"] and link["target"] is not None} - {key}
    if len(said) > 1:
        stands = {link["row"]: link["target"] for link in links if not link["system"]}
        said = {_end(target, stands) for target in said}
    return said.pop() if len(said) == 1 and key not in said else None


def _end(key: str, stands: Mapping[str, str | None]) -> str:
    met = {key}
    while (further := stands.get(key)) is not None and further not in met:
        met.add(further)
        key = further
    return key


def take(links: list[Link], word: Link) -> list[Link]:
    """The links with this word; the same list where it is no news. Of equal positions the one that comes later counts:
    the words of one position come from one key, in their order."""
    for place, held in enumerate(links):
        if row_name(held) == row_name(word):
            if position(word) < position(held) or word == held:
                return links
            return [*links[:place], word, *links[place + 1 :]]
    return [*links, word]


def still_said(links: list[Link], claims: Sequence[Claim]) -> list[Link]:
    """The links without those that a row has outlived: of which this very key has heard since that the row came here,
    or left from here for elsewhere. The same list where all stand.

    Where such a row named this key it was still at another, and the owner of that one may be far behind.
    """
    for link in links:
        own = find(claims, *row_name(link)) if link["target"] is not None else None
        if own is not None and _moment(own) > _moment(link) and own["left_to"] != link["target"]:
            links = take(links, _link(row_name(own), None, own))
    return links


def still_here(claims: list[Claim], links: Sequence[Link]) -> list[Claim]:
    """The claims without those that a row has outlived: which it made here before it spoke of this key from elsewhere.
    The same list where all stand.

    It has left, then, though its departure has not been heard of here yet.
    """
    if not links:
        return claims
    spoke = {row_name(link): _moment(link) for link in links if link["system"]}
    gone = [
        claim
        for claim in claims
        if not claim["under"] and claim["values"] is not None and _moment(claim) < spoke.get(row_name(claim), _NEVER)
    ]
    return [claim for claim in claims if claim not in gone] if gone else claims


def told(claims: Iterable[Claim], key: str, target: str | None) -> Told:
    """What the owner of `key` has to have told others. `target`: the key that stands for it.

    A deleted row's links stay: what its authority has deleted must not rise again under another of its names.
    """
    found: dict[tuple[str, RowName], tuple[str, Claim | None]] = {}
    for claim in claims:
        if not claim["under"] and claim["left_to"] is None:
            for alias in named(claim, key):
                found[alias, row_name(claim)] = key, claim
                if target is not None:
                    found[alias, ("", "", key)] = target, None
    return found


def words(before: Told, after: Told, claims: Iterable[Claim], key: str) -> Iterator[tuple[str, Link]]:
    """(alias, link) to be sent, so that all have been told `after`.

    What is new comes first: nobody shall be on their own between two words that say the same.
    """
    for (alias, name), (target, claim) in after.items():
        if before.get((alias, name), ("",))[0] != target:
            yield alias, _link(name, target, claim)
    last = {row_name(claim): claim for claim in claims if not claim["under"]}
    for alias, name in before:
        if (alias, name) in after:
            continue
        claim = last.get(name)
        # A row that has left and still names the alias will be heard from where it is now.
        if claim is None or claim["left_to"] is None or alias not in named(claim, key):
            yield alias, _link(name, None, claim)


def link_to(target: str, claim: Claim) -> Link:
    """What the claim says of each key that it names."""
    return _link(row_name(claim), target, claim)


def named(claim: Claim, key: str) -> list[str]:
    """Every other key that the row says is the same entity as `key`."""
    return [alias for alias in (*claim["aliases"], *claim["formerly"]) if alias != key]


def taken_back(late: Claim, held: Claim, key: str) -> Iterator[tuple[str, Link]]:
    """(alias, link) for what a word that came too late names, and the row's later word no more."""
    still = named(held, key)
    return ((alias, _link(row_name(held), None, held)) for alias in named(late, key) if alias not in still)


def _moment(said: Claim | Link) -> tuple[int, int, int]:
    """When that happened which is said; the same however often and by what mapping it is read."""
    return said["epoch"], said["commit"], said["ordinal"]


def _link(name: RowName, target: str | None, claim: Claim | None) -> Link:
    system, resource, row = name
    epoch, commit, ordinal, mapping, edit = position(claim) if claim else (0, 0, 0, 0, 0)
    return {
        "system": system,
        "resource": resource,
        "row": row,
        "epoch": epoch,
        "commit": commit,
        "ordinal": ordinal,
        "mapping": mapping,
        "edit": edit,
        "target": target,
    }
