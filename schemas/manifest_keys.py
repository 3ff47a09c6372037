"""Checks of the identifiers that a publication names: what its rows are keyed by, and what they state beside that."""

from collections.abc import Iterator

from schemas.conversions import identifier_kinds
from schemas.manifest import WHOLE_KEY, Publication
from schemas.manifest_faults import Objection, Path, nearest


def check_keys(publication: Publication, owned: frozenset[str], path: Path) -> Iterator[Objection]:
    """`owned`: kinds of identifiers that the system is the authority for."""
    known = sorted([*identifier_kinds(), WHOLE_KEY])
    for kind, _ in publication.key.identifiers:
        if kind not in known:
            yield Objection((*path, "key", kind), f"unknown identifier `{kind}`", nearest(kind, known))
    for column, kind in publication.also.items():
        place = (*path, "also", column)
        if kind not in known:
            yield Objection(place, f"unknown identifier `{kind}`", nearest(kind, known))
        if column in publication.key.columns:
            yield Objection(place, f"column `{column}` is part of the key too", "leave it out here")
    if publication.also:
        yield from _check_right(publication, owned, (*path, "also"))


def _check_right(publication: Publication, owned: frozenset[str], path: Path) -> Iterator[Objection]:
    """Two people made one cannot be told apart again by whoever is not the authority for their numbers."""
    kinds = [kind for kind, _ in publication.key.identifiers if kind != WHOLE_KEY]
    if not kinds:
        message = "`also` without an identifier of its own: nothing says which entity the others are"
        yield Objection(path, message, "name the column of the identifier under `key`")
    elif owned.isdisjoint(kinds):
        message = f"`also` by a system that does not own `{kinds[0]}`: only its authority says which numbers are one"
        yield Objection(path, message, f"leave `also` out, or add `{kinds[0]}` to `owns`")
