"""Who plays in the demo: found in the catalogue by what each system owns, publishes and receives."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from console.errors import ConsoleError
from schemas.catalogue import Catalogue
from schemas.compose import entity_fields
from schemas.conversions import Convert, writer
from schemas.expressions import compile_where
from schemas.identity import local
from schemas.manifest import BIRTH, OWN, Manifest, Publication, Subscription
from schemas.mapping import MappedIn, compile_in, compile_out, key_in, key_out
from schemas.records import Entity, Row

PERSON = "person"
EVENT = "civil_status_event"
CITIZEN_ID = "citizen_id"
_KIND = "postgres"


@dataclass(frozen=True, eq=False)
class Side:
    """One table that a system publishes, to be changed by hand."""

    manifest: Manifest
    entity: str
    publication: Publication

    @property
    def system(self) -> str:
        """Its id."""
        return self.manifest.system

    @property
    def number(self) -> str:
        """The column that names a row within its system."""
        return self.publication.key.otherwise

    def column(self, field: str) -> str:
        """The column of a field. Raises ConsoleError where it is not published."""
        if field not in self.publication.fields:
            raise ConsoleError(f"showing a change of {field}: {self.system} does not publish it; map it under `fields`")
        return self.publication.fields[field].column

    def written(self, field: str) -> Convert:
        """The function from a canonical value of the field to this system's own spelling."""
        self.column(field)
        mapped = self.publication.fields[field]
        return writer(entity_fields(self.entity)[field], mapped.format, mapped.codes)

    def row(self, values: Entity) -> Row:
        """These canonical values in this system's columns; what it does not publish is left out."""
        mapped = {field: value for field, value in values.items() if field in self.publication.fields}
        return {self.column(field): self.written(field)(value) for field, value in mapped.items()}

    def read(self) -> Callable[[Row], MappedIn]:
        """The function from a row to the canonical entity."""
        return compile_in(self.publication, self.entity)

    def key(self) -> Callable[[Row], str]:
        """The function from a row to its entity key."""
        return key_in(self.publication, self.system)

    def column_of_key(self, kind: str) -> str | None:
        """The column in which this kind of identifier stands."""
        return dict(self.publication.key.identifiers).get(kind)


@dataclass(frozen=True, eq=False)
class Audience:
    """One system that receives an entity, to be looked into. `own`: the table that it publishes and is corrected in."""

    manifest: Manifest
    entity: str
    subscription: Subscription
    own: Side | None

    @property
    def system(self) -> str:
        """Its id."""
        return self.manifest.system

    @property
    def place(self) -> str:
        """The table, resource or file."""
        return self.subscription.into

    def wants(self, values: Entity) -> bool:
        """Whether it may hold this entity."""
        where = self.subscription.where
        return where is None or compile_where(where, self.entity)(values)

    def shows(self, values: Entity) -> Row:
        """Its columns of these fields, as text."""
        row = compile_out(self.subscription, self.entity)(values)
        return {name: row[name] for name, mapped in self.subscription.fields.items() if mapped.field in values}

    def finds(self, key: str) -> Row | None:
        """The column, and its value, by which this key is found; None where the system cannot hold such a key."""
        if self.own is None:
            return key_out(self.subscription)(key)
        kind, _, bare = key.partition(":")
        column = self.own.column_of_key(kind)
        if column:
            return {column: bare}
        prefix = local(self.system, "")
        return {self.own.number: key.removeprefix(prefix)} if key.startswith(prefix) else None


@dataclass(frozen=True, eq=False)
class Cast:
    """`register` enters births and deaths, in `entries` too where it has such a table; `authority` gives numbers."""

    register: Side
    entries: Side | None
    authority: Side
    audiences: tuple[Audience, ...]

    def of(self, entity: str) -> list[Audience]:
        """Those that receive this entity."""
        return [audience for audience in self.audiences if audience.entity == entity]


def find_cast(catalogue: Catalogue) -> Cast:
    """Raises ConsoleError where a part cannot be given to anybody."""
    sides = list(_sides(catalogue, PERSON))
    register = _first(sides, BIRTH, what="registers births (`owns: [birth]`)")
    authority = _first(sides, CITIZEN_ID, what=f"gives numbers (`owns: [{CITIZEN_ID}]`)")
    entries = [side for side in _sides(catalogue, EVENT) if side.system == register.system]
    audiences = tuple(_audience(catalogue, system, entity) for entity, system in _receivers(catalogue))
    return Cast(register, entries[0] if entries else None, authority, audiences)


def _sides(catalogue: Catalogue, entity: str) -> Iterator[Side]:
    for system in catalogue.publishers(entity):
        for publication in catalogue.publications(system, entity):
            yield Side(catalogue.manifest(system), entity, publication)


def _first(sides: list[Side], word: str, *, what: str) -> Side:
    for side in sides:
        if word in side.publication.owns and side.manifest.kind == _KIND:
            return side
    raise ConsoleError(
        f"casting the demo: no system of kind {_KIND} {what}; it plays in the city of deploy/hanoi/systems: "
        "see that its manifests are applied"
    )


def _receivers(catalogue: Catalogue) -> Iterator[tuple[str, str]]:
    for entity in (PERSON, EVENT):
        for system in catalogue.subscribers(entity):
            yield entity, system


def _audience(catalogue: Catalogue, system: str, entity: str) -> Audience:
    subscription = catalogue.subscription(system, entity)
    assert subscription is not None  # noqa: S101 - it is a subscriber
    published = [side for side in _sides(catalogue, entity) if side.system == system]
    own = [side for side in published if side.publication.resource == subscription.into]
    is_own = subscription.key.kind == OWN
    return Audience(catalogue.manifest(system), entity, subscription, own[0] if is_own and own else None)
