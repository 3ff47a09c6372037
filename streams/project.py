"""What one subscriber may see of a golden record, and a digest that changes when and only when that does."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from hashlib import blake2b

from schemas import compose, topics
from schemas.catalogue import Catalogue
from schemas.codec import projecting_encoder
from schemas.compose import entity_fields
from schemas.expressions import compile_where
from schemas.fingerprints import of_subscription
from schemas.identity import identifier
from schemas.manifest import WHOLE_KEY, Subscription
from schemas.records import Entity
from streams.two_way import TwoWay, two_ways


class View:
    """A projected entity, as Avro; and as fields for those who ask: most are sent without."""

    __slots__ = ("_shown", "_value", "encoded")

    def __init__(self, value: Entity, shown: Collection[str], encoded: bytes) -> None:
        """`value`: the whole entity, not to be changed any more. `shown`: the fields that may be seen."""
        self._value = value
        self._shown = shown
        self.encoded = encoded

    @property
    def fields(self) -> Entity:
        """The entity with only these fields; the others are unknown to the subscriber."""
        shown = self._shown
        return {name: held if name in shown else None for name, held in self._value.items()}


@dataclass(frozen=True, slots=True, eq=False)
class Projection:
    """The fields that some subscribers get. One object for all who get the same, so that it is made once for all."""

    fields: tuple[str, ...]
    #: From a whole entity to the Avro of one that has these fields alone.
    encode: Callable[[Entity], bytes]

    def project(self, value: Entity) -> View:
        """What may be seen of the entity."""
        return View(value, self.fields, self.encode(value))


@dataclass(frozen=True, slots=True, eq=False)
class Subscriber:
    """One system's subscription to one entity, compiled."""

    system: str
    topic: str
    projection: Projection
    #: Kind of identifier that the target keeps as its key; None where it keeps the whole entity key.
    kind: str | None
    where: Callable[[Entity], bool] | None
    #: Of the form in which the target keeps the record: another one, and it is sent again.
    fingerprint: bytes = b""
    #: Of a system that publishes the entity, too.
    two_way: TwoWay | None = None

    def can_hold(self, key: str) -> bool:
        """Whether the target can name a record with this key at all."""
        return self.kind is None or identifier(key, self.kind) is not None

    def wants(self, key: str, value: Entity) -> bool:
        """Whether the record is in the subscriber's scope."""
        return (self.kind is None or self.can_hold(key)) and (self.where is None or self.where(value))

    def digest(self, view: View) -> bytes:
        """8 bytes over the projected fields and the form in which the target keeps them."""
        return blake2b(view.encoded + self.fingerprint, digest_size=8).digest()


def subscribers(catalogue: Catalogue, entity: str) -> list[Subscriber]:
    """All of one entity."""
    projections: dict[tuple[str, ...], Projection] = {}
    schema, names, both_ways = compose.load(entity), entity_fields(entity), two_ways(catalogue, entity)

    def compiled(system: str, subscription: Subscription) -> Subscriber:
        wanted = {mapped.field for mapped in subscription.fields.values()}
        fields = tuple(field for field in names if field in wanted)
        if fields not in projections:
            projections[fields] = Projection(fields, projecting_encoder(schema, fields))
        kind = None if subscription.key.kind == WHOLE_KEY else subscription.key.kind
        where = compile_where(subscription.where, entity) if subscription.where else None
        fingerprint = of_subscription(catalogue, system, entity).encode()
        topic, two_way = topics.to(system, entity), both_ways.get(system)
        return Subscriber(system, topic, projections[fields], kind, where, fingerprint, two_way)

    stated = [(system, catalogue.subscription(system, entity)) for system in catalogue.subscribers(entity)]
    return [compiled(system, subscription) for system, subscription in stated if subscription is not None]
