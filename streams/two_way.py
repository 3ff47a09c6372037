"""Systems that both publish an entity and receive it: in which fields may a row show what it was sent?"""

from collections.abc import Mapping
from dataclasses import dataclass

from schemas.catalogue import Catalogue
from schemas.compose import entity_fields
from schemas.manifest import OWN, Publication, Subscription


@dataclass(frozen=True, slots=True, eq=False)
class TwoWay:
    """One such system. `fields`: by resource into which deliveries go, the fields that go in and come out again, each
    with its place in the entity's schema."""

    system: str
    fields: Mapping[str, Mapping[str, int]]
    #: The system's own rows are updated, never made or taken away.
    own_rows: bool


def two_ways(catalogue: Catalogue, entity: str) -> dict[str, TwoWay]:
    """All such systems of an entity, by id."""
    found = {}
    for system in catalogue.publishers(entity):
        subscription = catalogue.subscription(system, entity)
        if subscription is not None:
            fields = _fields(catalogue.publications(system, entity), subscription, entity)
            found[system] = TwoWay(system, fields, subscription.key.kind == OWN)
    return found


def _fields(publications: list[Publication], subscription: Subscription, entity: str) -> dict[str, dict[str, int]]:
    places = {field: place for place, field in enumerate(entity_fields(entity))}
    sent = {mapped.field for mapped in subscription.fields.values()}
    # Where the target is no published table, the system itself may copy from it into any of those.
    written = [each for each in publications if each.resource == subscription.into] or publications
    return {each.resource: {name: places[name] for name in each.fields if name in sent} for each in written}
