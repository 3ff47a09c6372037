"""The way that the demo shows: from the system that owns the fields to one that receives them."""

from collections.abc import Callable
from dataclasses import dataclass

from console.errors import ConsoleError
from schemas.catalogue import Catalogue
from schemas.compose import entity_fields
from schemas.conversions import Convert, writer
from schemas.expressions import compile_where
from schemas.manifest import Publication, Subscription
from schemas.mapping import MappedIn, compile_in, compile_out, key_in, key_out
from schemas.records import Entity, Row

_KIND = "postgres"


@dataclass(frozen=True)
class Route:
    """One publication, one subscription, and what happens between them."""

    entity: str
    source: str
    target: str
    publication: Publication
    subscription: Subscription

    def column(self, field: str) -> str:
        """The source's column of a field. Raises ConsoleError where the source does not publish it."""
        if field not in self.publication.fields:
            raise ConsoleError(f"showing a change of {field}: {self.source} does not publish it; name another --source")
        return self.publication.fields[field].column

    def written(self, field: str) -> Convert:
        """The function from a canonical value of `field` to the source's own spelling."""
        mapped = self.publication.fields[field]
        return writer(entity_fields(self.entity)[field], mapped.format, mapped.codes)

    def read(self) -> Callable[[Row], MappedIn]:
        """The function from a source row to the canonical entity."""
        return compile_in(self.publication, self.entity)

    def source_key(self) -> Callable[[Row], str]:
        """The function from a source row to its entity key."""
        return key_in(self.publication, self.source)

    def target_key(self) -> Callable[[str], Row | None]:
        """The function from an entity key to the target's key column; None where it cannot hold such keys."""
        return key_out(self.subscription)

    def expected(self, entity: Entity) -> Row | None:
        """The target's columns for this entity; None where the target may not hold it."""
        where = self.subscription.where
        if where is not None and not compile_where(where, self.entity)(entity):
            return None
        return compile_out(self.subscription, self.entity)(entity)


def find_route(catalogue: Catalogue, entity: str, *, source: str | None, target: str | None) -> Route:
    """The owner of the entity's existence and its first subscriber, unless others are named. Raises ConsoleError."""
    owners = [*catalogue.existence_owners(entity), *catalogue.publishers(entity)]
    found_source = _first(catalogue, source, owners, what=f"publishes {entity}")
    subscribers = [system for system in catalogue.subscribers(entity) if system != found_source]
    found_target = _first(catalogue, target, subscribers, what=f"receives {entity}")
    subscription = catalogue.subscription(found_target, entity)
    if subscription is None:
        raise ConsoleError(f"looking for the demo's way: {found_target} receives no {entity}; name another --target")
    publication = catalogue.publications(found_source, entity)[0]
    return Route(entity, found_source, found_target, publication, subscription)


def _first(catalogue: Catalogue, wanted: str | None, candidates: list[str], *, what: str) -> str:
    fitting = [system for system in candidates if catalogue.manifest(system).kind == _KIND]
    if wanted in fitting or (wanted is None and fitting):
        return wanted or fitting[0]
    known = ", ".join(fitting) or "none"
    raise ConsoleError(
        f"looking for the demo's way: {wanted or 'no system'} {'is no' if wanted else 'is a'} {_KIND} system "
        f"that {what} (there is: {known}); add its manifest and run `lienthong apply`, or name another"
    )
