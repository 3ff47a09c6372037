"""The three changes of the demo: a corrected name, a death, a birth, for living people picked at random."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date

import psycopg

from console.demo_route import Route
from console.demo_table import as_captured, columns, insert, next_number, some_rows, text_row, update
from console.errors import ConsoleError
from schemas.mapping import MappingError
from schemas.records import Entity, Row

_CANDIDATES = 100
#: What a newborn has of its own, or not yet; all else is taken from the parent.
_NOT_INHERITED = frozenset({"citizen_id", "old_id", "phone", "death_date", "note"})


@dataclass(frozen=True)
class Person:
    """One source row: as it is, as it is understood, and the key it goes by."""

    row: Row
    entity: Entity
    key: str


@dataclass(frozen=True)
class Made:
    """A change that was made and not yet committed. `fields`: canonical names of what changed."""

    title: str
    person: Person
    fields: tuple[str, ...]
    old_key: str = field(default="")


def living_people(route: Route, source: psycopg.Connection[Row], target: psycopg.Connection[Row]) -> Iterator[Person]:
    """People at random whom the target holds, so that a change must arrive. Raises ConsoleError when they run out."""
    for row in some_rows(source, route.publication.resource, limit=_CANDIDATES):
        person = _understood(route, row)
        if person is not None and not person.entity.get("death_date") and _stands_in(route, target, person):
            yield person
    raise ConsoleError(
        f"picking people for the demo: too few living ones of {route.publication.resource} in {route.source} "
        f"stand in {route.target}; `lienthong wait-ready` tells whether the first filling is still under way"
    )


def _understood(route: Route, row: Row) -> Person | None:
    try:
        captured = as_captured(row)
        entity = route.read()(captured).values
        key = route.source_key()(captured)
    except MappingError:
        return None
    return Person(row, entity, key) if entity.get("full_name") else None


def _stands_in(route: Route, target: psycopg.Connection[Row], person: Person) -> bool:
    where = route.target_key()(person.key)
    if where is None or route.expected(person.entity) is None:
        return False
    return text_row(target, route.subscription.into, where=where, names=list(where)) is not None


def correct_name(route: Route, source: psycopg.Connection[Row], person: Person, other: Person) -> Made:
    """Give a person the given name of another."""
    old = str(person.entity["full_name"])
    names = old.split()
    given = str(other.entity["full_name"]).split()[-1]
    new = " ".join([*names[:-1], given if given != names[-1] else "Minh" if given != "Minh" else "An"])
    changed = _change(route, source, person, "full_name", new)
    return Made(f"Correct a name: {old} → {new}", changed, ("full_name",))


def register_death(route: Route, source: psycopg.Connection[Row], person: Person, *, today: date) -> Made:
    """State that a person died today."""
    changed = _change(route, source, person, "death_date", today.isoformat())
    return Made(f"Register a death: {person.entity['full_name']}, {today:%d/%m/%Y}", changed, ("death_date",))


def _change(route: Route, source: psycopg.Connection[Row], person: Person, name: str, value: str) -> Person:
    column, resource = route.column(name), route.publication.resource
    values = {column: route.written(name)(value)}
    otherwise = route.publication.key.otherwise
    update(source, resource, where={otherwise: person.row[otherwise]}, values=values)
    after = _understood(route, person.row | values)
    if after is None:
        raise ConsoleError(
            f"changing {name} in {route.source}: what was written cannot be read back; correct its mapping"
        )
    return after


def register_birth(route: Route, source: psycopg.Connection[Row], parent: Person, *, today: date) -> Made:
    """Add a child to a person's household; without citizen id where the target can hold such a person."""
    sex = random.choice(("male", "female"))  # noqa: S311 - nobody guards a secret with it
    given = {"male": "Gia Bảo", "female": "An Nhiên"}[sex]
    name = f"{str(parent.entity['full_name']).split()[0]} {given}"
    own: Entity = {"full_name": name, "birth_date": today.isoformat(), "sex": sex}
    if route.target_key()(route.source_key()(as_captured(parent.row | _without_id(route)))) is None:
        own["citizen_id"] = _new_citizen_id(str(parent.entity["citizen_id"]), sex=sex, born=today)
    child = _understood(route, insert(source, route.publication.resource, _child_row(route, source, parent, own)))
    if child is None:
        raise ConsoleError(
            f"adding a person in {route.source}: what was written cannot be read back; correct its mapping"
        )
    return Made(f"Register a birth: {name}, {today:%d/%m/%Y}", child, tuple(own))


def _without_id(route: Route) -> Row:
    return {column: None for _, column in route.publication.key.identifiers}


def _child_row(route: Route, source: psycopg.Connection[Row], parent: Person, own: Entity) -> Row:
    """The parent's row with what is the child's own; columns that fill themselves are left out."""
    publication = route.publication
    fields = {mapped.column: name for name, mapped in publication.fields.items()}
    row: Row = {}
    for column, required in columns(source, publication.resource):
        name = fields.get(column)
        if name in own:
            row[column] = route.written(name)(own[name])
        elif column == publication.key.otherwise:
            if required:
                row[column] = next_number(source, publication.resource, column)
        elif required or (name is not None and name not in _NOT_INHERITED):
            row[column] = parent.row[column]
    return row


def _new_citizen_id(parents: str, *, sex: str, born: date) -> str:
    """12 digits: the parent's province, century and sex, year, a number at random."""
    century = 2 * (born.year // 100 - 19) + (sex == "female")
    return f"{parents[:3]}{century}{born:%y}{random.randrange(1_000_000):06d}"  # noqa: S311
