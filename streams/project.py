"""What one subscriber may see of a golden record, and a digest that changes when and only when that does."""

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import blake2b

from schemas import topics
from schemas.catalogue import Catalogue
from schemas.expressions import compile_where
from schemas.manifest import Subscription
from schemas.mapping import key_out
from schemas.records import Entity, Row
from streams.normalise import blank


@dataclass(frozen=True, slots=True, eq=False)
class Projection:
    """The fields that some subscribers get. One object for all who get the same, so that it is made once for all."""

    fields: tuple[str, ...]
    empty: Entity
    encode: Callable[[Entity], bytes]

    def project(self, value: Entity) -> Entity:
        """Only these fields; the others are unknown to the subscriber."""
        return {**self.empty, **{field: value[field] for field in self.fields}}

    def digest(self, projected: Entity, form: bytes) -> bytes:
        """8 bytes over the projected fields and the form in which the subscriber keeps the key."""
        return blake2b(self.encode(projected) + form, digest_size=8).digest()


@dataclass(frozen=True, slots=True, eq=False)
class Subscriber:
    """One system's subscription to one entity, compiled."""

    system: str
    topic: str
    projection: Projection
    #: Kind of key that the target stores, as bytes of the digest.
    form: bytes
    key_out: Callable[[str], Row | None]
    where: Callable[[Entity], bool] | None

    def can_hold(self, key: str) -> bool:
        """Whether the target can name a record with this key at all."""
        return self.key_out(key) is not None

    def wants(self, key: str, value: Entity) -> bool:
        """Whether the record is in the subscriber's scope."""
        return self.key_out(key) is not None and (self.where is None or self.where(value))


def subscribers(catalogue: Catalogue, entity: str, encode: Callable[[Entity], bytes]) -> list[Subscriber]:
    """All of one entity. `encode`: the entity's Avro."""
    projections: dict[tuple[str, ...], Projection] = {}
    empty = blank(entity)

    def compiled(system: str, subscription: Subscription) -> Subscriber:
        wanted = {mapped.field for mapped in subscription.fields.values()}
        fields = tuple(field for field in empty if field in wanted)
        projection = projections.setdefault(fields, Projection(fields, empty, encode))
        where = compile_where(subscription.where, entity) if subscription.where else None
        form = subscription.key.kind.encode()
        return Subscriber(system, topics.to(system, entity), projection, form, key_out(subscription), where)

    stated = [(system, catalogue.subscription(system, entity)) for system in catalogue.subscribers(entity)]
    return [compiled(system, subscription) for system, subscription in stated if subscription is not None]
