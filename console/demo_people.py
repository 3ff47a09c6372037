"""The people of the demo: living ones of the register, those first of whom the most systems are told."""

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import psycopg

from console.demo_cast import CITIZEN_ID, PERSON, Audience, Cast, Side
from console.demo_eyes import Eye
from console.demo_table import as_captured, rows_with, some_rows
from console.errors import ConsoleError
from schemas.identity import identifier
from schemas.mapping import MappingError
from schemas.records import Entity, Row

_CANDIDATES = 1000
#: A system that holds no more is asked for whom.
_FEW = 2000


@dataclass(frozen=True)
class Person:
    """One row of the register: as it is, as it is understood, and the key it goes by."""

    row: Row
    entity: Entity
    key: str


def understood(side: Side, row: Row) -> Person | None:
    """None where the row cannot be read."""
    try:
        captured = as_captured(row)
        return Person(row, side.read()(captured).values, side.key()(captured))
    except MappingError:
        return None


def living_people(
    cast: Cast, register: psycopg.Connection[Row], eyes: Mapping[Audience, Eye]
) -> Iterator[tuple[Person, list[Audience]]]:
    """Each with the systems that hold them, at least one. Raises ConsoleError when they run out."""
    receivers = cast.of(PERSON)
    people = [found for row in _rows(cast, register, eyes) if (found := understood(cast.register, row))]
    living = [p for p in people if not p.entity.get("death_date") and identifier(p.key, CITIZEN_ID)]
    living.sort(key=lambda person: sum(audience.wants(person.entity) for audience in receivers), reverse=True)
    for person in living:
        holders = [audience for audience in receivers if _holds(audience, eyes[audience], person)]
        if any(audience.system != cast.register.system for audience in holders):
            yield person, holders
    raise ConsoleError(
        f"picking people for the demo: too few living ones of {cast.register.publication.resource} in "
        f"{cast.register.system} stand in another system; `lienthong wait-ready` tells whether the first filling is "
        "still under way"
    )


def _rows(cast: Cast, register: psycopg.Connection[Row], eyes: Mapping[Audience, Eye]) -> list[Row]:
    """First those whom a system with few people knows, then any."""
    table, column = cast.register.publication.resource, cast.register.column_of_key(CITIZEN_ID)
    known: list[Row] = []
    for audience in cast.of(PERSON):
        theirs = audience.own.column_of_key(CITIZEN_ID) if audience.own else None
        numbers = eyes[audience].values(theirs, _FEW) if theirs else None
        if numbers and column and audience.system != cast.register.system:
            known += rows_with(register, table, column=column, values=numbers)
    random.shuffle(known)
    return known + some_rows(register, table, limit=_CANDIDATES)


def _holds(audience: Audience, eye: Eye, person: Person) -> bool:
    where = audience.finds(person.key)
    return where is not None and audience.wants(person.entity) and eye.row(where, list(where)) is not None
