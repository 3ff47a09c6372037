"""What the catalogue says of one entity, compiled once for all its records."""

from dataclasses import dataclass, field

from schemas.catalogue import Catalogue
from schemas.compose import entity_fields
from schemas.key_columns import kinds_owned
from schemas.records import Claim, Entity, Link
from streams.merge import Authority
from streams.normalise import Resource, blank, resources
from streams.project import Subscriber, subscribers
from streams.two_way import TwoWay


@dataclass(frozen=True, slots=True)
class Rules:
    """Who feeds the entity, whose word counts, who receives it. `revision`: of the catalogue."""

    entity: str
    revision: int
    #: Every version of a state is greater.
    versions_from: int
    resources: dict[tuple[str, str], Resource]
    authority: Authority
    subscribers: list[Subscriber]
    #: Systems whose word outlives a marker: see `claims.void`.
    keeps: frozenset[str]
    #: Every field, unknown.
    empty: Entity
    #: Systems that receive the entity.
    receivers: frozenset[str] = frozenset()
    #: (system, resource) of whatever fed the entity once and does so no more.
    retired: frozenset[tuple[str, str]] = frozenset()
    #: The systems that both publish the entity and receive it, by id.
    two_ways: dict[str, TwoWay] = field(default_factory=dict)

    def updates_own_rows(self, system: str) -> bool:
        """Whether deliveries to the system only update rows of its own, under the rows' names and not the record's."""
        two_way = self.two_ways.get(system)
        return two_way is not None and two_way.own_rows


def compile_rules(catalogue: Catalogue, entity: str) -> Rules:
    """Raises what the manifests' compilers raise: a catalogue is checked before it is published."""
    authority_of_keys = {
        system
        for system in catalogue.publishers(entity)
        if kinds_owned(catalogue.manifest(system).owned(entity), entity)
    }
    order = {name: tuple(catalogue.order(entity, name)) for name in entity_fields(entity)}
    received = subscribers(catalogue, entity)
    both_ways = {each.system: each.two_way for each in received if each.two_way is not None}
    return Rules(
        entity=entity,
        revision=catalogue.revision,
        versions_from=catalogue.versions_from,
        resources=resources(catalogue, entity),
        authority=Authority(order, frozenset(catalogue.existence_owners(entity)), frozenset(catalogue.births(entity))),
        subscribers=received,
        keeps=frozenset({*catalogue.existence_owners(entity), *authority_of_keys}),
        empty=blank(entity),
        receivers=frozenset(catalogue.subscribers(entity)),
        retired=catalogue.retired(entity),
        two_ways=both_ways,
    )


def speaking(claims: list[Claim], rules: Rules) -> list[Claim]:
    """The claims of those who still publish; the list itself where all do."""
    known = rules.resources
    standing = [claim for claim in claims if (claim["system"], claim["resource"]) in known]
    return claims if len(standing) == len(claims) else standing


def linking(links: list[Link], rules: Rules) -> list[Link]:
    """The same for what they say of keys."""
    standing = [link for link in links if not link["system"] or (link["system"], link["resource"]) in rules.resources]
    return links if len(standing) == len(links) else standing
