"""Checks of manifests that have the right form: each by itself, then all together."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from schemas import compose
from schemas.conversions import canonical_values, identifier_kinds, spellings, written_spellings
from schemas.expressions import ExpressionError, compile_where
from schemas.key_columns import kinds_owned
from schemas.manifest import (
    BIRTH,
    EXISTENCE,
    OWN,
    UNICODE,
    WHOLE_KEY,
    FieldIn,
    FieldOut,
    Manifest,
    Publication,
    Subscription,
)
from schemas.manifest_faults import Objection, Path, nearest
from schemas.manifest_keys import check_keys
from schemas.manifest_two_way import check_two_way
from schemas.rules.legacy import ENCODINGS


def check_alone(manifest: Manifest) -> Iterator[Objection]:
    """What can be said of one manifest without the others."""
    if not manifest.publishes and not manifest.subscribes:
        yield Objection((), "the system neither publishes nor subscribes", "add `publishes:` or `subscribes:`")
    for entity, publications in manifest.publishes.items():
        if (objection := _check_entity(entity, ("publishes", entity))) is not None:
            yield objection
            continue
        owned = kinds_owned(manifest.owned(entity), entity)
        for index, publication in enumerate(publications):
            yield from _check_publication(publication, entity, ("publishes", entity, index))
            yield from check_keys(publication, owned, ("publishes", entity, index))
        yield from _check_blocks(publications, ("publishes", entity))
    for entity, subscription in manifest.subscribes.items():
        if (objection := _check_entity(entity, ("subscribes", entity))) is not None:
            yield objection
            continue
        yield from _check_subscription(subscription, entity, ("subscribes", entity))
    yield from check_two_way(manifest)


def _check_entity(entity: str, path: Path) -> Objection | None:
    known = compose.entities()
    return None if entity in known else Objection(path, f"unknown entity `{entity}`", nearest(entity, known))


def _check_publication(publication: Publication, entity: str, path: Path) -> Iterator[Objection]:
    known = compose.entity_fields(entity)
    yield from _check_encoding(publication.encoding, path)
    for field, mapped in publication.fields.items():
        yield from _check_encoding(mapped.encoding, (*path, "fields", field))
        if field not in known:
            yield Objection((*path, "fields", field), f"`{entity}` has no field `{field}`", nearest(field, known))
        else:
            spelled = spellings(known[field])
            yield from _check_spelling(mapped, known[field], (*path, "fields", field), spelled=spelled)
    for field in publication.owns:
        if field not in known and field not in (EXISTENCE, BIRTH):
            remedy = nearest(field, [*known, EXISTENCE, BIRTH])
            yield Objection((*path, "owns"), f"owns `{field}`, which `{entity}` does not have", remedy)


def _check_encoding(encoding: str | None, path: Path) -> Iterator[Objection]:
    known = {UNICODE, *ENCODINGS}
    if encoding is not None and encoding not in known:
        yield Objection((*path, "encoding"), f"unknown encoding `{encoding}`", nearest(encoding, known))


def _check_blocks(publications: Sequence[Publication], path: Path) -> Iterator[Objection]:
    published = {field for publication in publications for field in publication.fields}
    met: set[str] = set()
    for index, publication in enumerate(publications):
        for field in publication.owns:
            if field in compose.entity_fields(str(path[-1])) and field not in published:
                remedy = f"map `{field}` under `fields`, or do not own it"
                yield Objection((*path, index, "owns"), f"owns `{field}` without publishing it", remedy)
        if publication.resource in met:
            yield Objection((*path, index, "from"), f"`{publication.resource}` stands twice", "join the two blocks")
        met.add(publication.resource)


def _check_subscription(subscription: Subscription, entity: str, path: Path) -> Iterator[Objection]:
    known, key = compose.entity_fields(entity), subscription.key
    if key.kind not in (WHOLE_KEY, OWN) and key.kind not in identifier_kinds():
        remedy = nearest(key.kind, [*identifier_kinds(), WHOLE_KEY, OWN])
        yield Objection((*path, "key", key.column), f"unknown identifier `{key.kind}`", remedy)
    for column, mapped in subscription.fields.items():
        place = (*path, "fields", column)
        if column == key.column:
            yield Objection(place, f"column `{column}` is the key too", "leave it out here: the key is written always")
        if mapped.field not in known:
            message = f"`{entity}` has no field `{mapped.field}`"
            yield Objection((*place, "from"), message, nearest(mapped.field, known))
        else:
            spelled = written_spellings(known[mapped.field])
            yield from _check_spelling(mapped, known[mapped.field], place, spelled=spelled)
    if subscription.where is not None:
        try:
            compile_where(subscription.where, entity)
        except ExpressionError as error:
            problem, _, remedy = str(error).rpartition("; ")
            yield Objection((*path, "where"), problem, remedy)


def _check_spelling(
    mapped: FieldIn | FieldOut, canonical: str, path: Path, *, spelled: frozenset[str]
) -> Iterator[Objection]:
    if mapped.format is not None and mapped.format not in spelled and mapped.format in spellings(canonical):
        message = f"format `{mapped.format}` can be read, and not written"
        yield Objection((*path, "format"), message, f"use one of: {', '.join(sorted(spelled))}")
    elif mapped.format is not None and mapped.format not in spelled:
        message = f"unknown format `{mapped.format}` of a field of kind {canonical}"
        remedy = nearest(mapped.format, spelled) if spelled else "leave `format` out"
        yield Objection((*path, "format"), message, remedy)
    if mapped.codes is None:
        return
    if mapped.format is not None:
        yield Objection((*path, "format"), "`format` and `codes` in one field", "keep one of the two")
    if not mapped.codes:
        yield Objection((*path, "codes"), "`codes` is empty", "list the system's codes, or leave it out")
    allowed = canonical_values(canonical)
    for code, value in mapped.codes.items():
        if allowed is not None and value not in allowed:
            message = f"code `{code}` means `{value}`, which is not a canonical value"
            yield Objection((*path, "codes", code), message, nearest(value, allowed))


def check_together(manifests: Mapping[str, Manifest]) -> Iterator[tuple[str, Objection]]:
    """What is wrong between manifests, with the key of the one to blame: the later in order of the mapping."""
    owners, publishers = _owners(manifests), _publishers(manifests)
    for (entity, field), claims in owners.items():
        if field == BIRTH:  # any number of systems may be the first to know somebody
            continue
        names = [manifests[file].system for file, _ in claims]
        what = f"the existence of `{entity}`" if field == EXISTENCE else f"`{entity}.{field}`"
        for file, path in claims[1:]:
            remedy = "one system is the authority: take it out of the others' `owns`"
            yield file, Objection(path, f"two owners of {what}: {' and '.join(names)}", remedy)
    for (entity, field), claims in publishers.items():
        if (entity, field) in owners or len(claims) < 2:
            continue
        names = [manifests[file].system for file, _ in claims]
        message = f"{' and '.join(names)} publish `{entity}.{field}`, which nobody owns"
        yield claims[-1][0], Objection(claims[-1][1], message, "add the field to `owns` of the authority")


Claims = dict[tuple[str, str], list[tuple[str, Path]]]


def _owners(manifests: Mapping[str, Manifest]) -> Claims:
    """(entity, field) -> each manifest that owns it, once, and where it says so."""
    return _gathered(
        (file, (entity, field), ("publishes", entity, index, "owns", place))
        for file, manifest in manifests.items()
        for entity, publications in manifest.publishes.items()
        for index, publication in enumerate(publications)
        for place, field in enumerate(publication.owns)
    )


def _publishers(manifests: Mapping[str, Manifest]) -> Claims:
    """(entity, field) -> each manifest that publishes it, once, and where it says so."""
    return _gathered(
        (file, (entity, field), ("publishes", entity, index, "fields", field))
        for file, manifest in manifests.items()
        for entity, publications in manifest.publishes.items()
        for index, publication in enumerate(publications)
        for field in publication.fields
    )


def _gathered(found: Iterable[tuple[str, tuple[str, str], Path]]) -> Claims:
    claims: Claims = {}
    for file, what, path in found:
        held = claims.setdefault(what, [])
        if file not in (known for known, _ in held):
            held.append((file, path))
    return claims
