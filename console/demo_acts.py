"""The acts of the demo: a birth, a number, a corrected name, a death. Each is made and not yet committed."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

import psycopg

from console.demo_cast import CITIZEN_ID, EVENT, PERSON, Audience, Cast, Side
from console.demo_eyes import Eye
from console.demo_people import Person, understood
from console.demo_table import as_captured, count, insert, referring, update
from console.demo_words import say
from console.errors import ConsoleError
from console.words import Language
from schemas.identity import identified, local
from schemas.records import Entity, Row
from schemas.topics import raw

#: What a newborn has from the parent.
_INHERITED = ("ethnicity", "home_place", "residence", "ward")


class Expectation(NamedTuple):
    """What one system must come to show: this row with these columns, and another one no longer.

    `keys`: of the deliveries that bring it there.
    """

    audience: Audience
    keys: frozenset[str]
    where: Row
    shows: Row
    gone: Row | None
    told: str


class Act(NamedTuple):
    """A change, and what follows from it. `captured`: topics and keys under which it is captured."""

    title: str
    side: Side
    places: str
    captured: frozenset[tuple[str, str]]
    expected: list[Expectation]


class Child(NamedTuple):
    """A newborn: its row in the register, the key of the entry of its birth, what its parent has."""

    person: Person
    entry: str | None
    inherited: Entity


@dataclass(frozen=True)
class Stage:
    """Where the acts are played: open connections, and eyes for all systems."""

    cast: Cast
    register: psycopg.Connection[Row]
    authority: psycopg.Connection[Row]
    eyes: Mapping[Audience, Eye]
    language: Language
    today: date

    def say(self, sentence: str, **values: object) -> str:
        """See demo_words."""
        return say(self.language, sentence, **values)

    @property
    def day(self) -> str:
        """Today as people write it."""
        return f"{self.today:%d/%m/%Y}"


def register_birth(stage: Stage, parent: Person) -> tuple[Act, Child]:
    """A child of this parent, without a number, and the entry of its birth."""
    cast, sex = stage.cast, random.choice(("male", "female"))  # noqa: S311 - nobody guards a secret with it
    given = {"male": "Gia Bảo", "female": "An Nhiên"}[sex]
    inherited = {field: parent.entity.get(field) for field in _INHERITED if parent.entity.get(field)}
    name = f"{str(parent.entity['full_name']).split()[0]} {given}"
    values: Entity = {"full_name": name, "birth_date": stage.today.isoformat(), "sex": sex, **inherited}
    side = cast.register
    child = understood(side, insert(stage.register, side.publication.resource, side.row(values)))
    if child is None:
        raise ConsoleError(f"adding a person in {side.system}: what was written cannot be read; correct its mapping")
    told = stage.say("new_row")
    expected = [
        Expectation(audience, frozenset([child.key]), where, audience.shows(child.entity), None, told)
        for audience in cast.of(PERSON)
        if audience.own is None and audience.wants(child.entity) and (where := audience.finds(child.key))
    ]
    parents: Entity = {"mother_name": parent.entity["full_name"]} if parent.entity.get("sex") == "female" else {}
    entry, of_entry = _enter(stage, "birth", child, more=parents)
    title = stage.say("birth", name=name, day=stage.day)
    act = _act(stage, title, side, (child.key, entry), [*expected, *of_entry])
    return act, Child(child, entry, inherited)


def give_number(stage: Stage, child: Child) -> Act:
    """The authority gives the child a number, and says where it lives."""
    cast, key, side = stage.cast, child.person.key, stage.cast.authority
    number = _new_number(stage, child.person)
    values: Entity = {CITIZEN_ID: number, **{f: v for f, v in child.inherited.items() if f in side.publication.owns}}
    [its] = [audience for audience in cast.of(PERSON) if audience.system == side.system]
    update(stage.authority, side.publication.resource, where=its.finds(key) or {}, values=side.row(values))
    expected = [_numbered(stage, audience, child.person, values) for audience in cast.of(PERSON)]
    entries = [
        Expectation(audience, frozenset([child.entry]), where, shows, None, _columns(stage, shows))
        for audience in cast.of(EVENT)
        if child.entry and _follows(stage) and (where := audience.finds(child.entry))
        if (shows := audience.shows({"person_id": number}))
    ]
    title = stage.say("number", name=child.person.entity["full_name"])
    return _act(stage, title, side, (key, None), [*(found for found in expected if found), *entries])


def correct_name(stage: Stage, person: Person, holders: Sequence[Audience], *, other: Person) -> Act:
    """Give a person the given name of another."""
    old = " ".join(str(person.entity["full_name"]).split())
    names, given = old.split(), str(other.entity["full_name"]).split()[-1]
    new = " ".join([*names[:-1], given if given != names[-1] else "Minh" if given != "Minh" else "An"])
    expected = _change(stage, person, holders, {"full_name": new})
    return _act(stage, stage.say("name", old=old, new=new), stage.cast.register, (person.key, None), expected)


def register_death(stage: Stage, person: Person, holders: Sequence[Audience]) -> Act:
    """State that a person died today, and enter it."""
    expected = _change(stage, person, holders, {"death_date": stage.today.isoformat()})
    entry, of_entry = _enter(stage, "death", person, more={"person_id": person.entity.get(CITIZEN_ID)})
    title = stage.say("death", name=person.entity["full_name"], day=stage.day)
    return _act(stage, title, stage.cast.register, (person.key, entry), [*expected, *of_entry])


def _act(stage: Stage, title: str, side: Side, keys: tuple[str, str | None], expected: list[Expectation]) -> Act:
    """`keys`: of the person, and of the entry in the register where there is one."""
    (key, entry), entries = keys, stage.cast.entries
    captured, places = [(raw(side.system, PERSON), key)], [side.publication.resource]
    if entry and entries:
        captured.append((raw(side.system, EVENT), entry))
        places.append(entries.publication.resource)
    return Act(title, side, ", ".join(places), frozenset(captured), expected)


def _change(stage: Stage, person: Person, holders: Sequence[Audience], values: Entity) -> list[Expectation]:
    side = stage.cast.register
    where = {side.number: person.row[side.number]}
    update(stage.register, side.publication.resource, where=where, values=side.row(values))
    found = []
    for audience in holders:
        shows, at = audience.shows(values), audience.finds(person.key)
        if shows and at:
            keys = frozenset([_delivered_as(stage, audience, person.key, at)])
            found.append(Expectation(audience, keys, at, shows, None, _columns(stage, shows)))
    return found


def _delivered_as(stage: Stage, audience: Audience, key: str, where: Row) -> str:
    if audience.own is None:
        return key
    row = stage.eyes[audience].row(where, [audience.own.number]) or {}
    return local(audience.system, str(row.get(audience.own.number)))


def _numbered(stage: Stage, audience: Audience, person: Person, values: Entity) -> Expectation | None:
    """What a system shows once the number is given; None where it is not told."""
    register, new = stage.cast.register, identified(CITIZEN_ID, values[CITIZEN_ID])
    shows, told = audience.shows(values), stage.say("renamed")
    if audience.own is not None:
        if audience.system != register.system or not shows:
            return None
        where = {register.number: str(person.row[register.number])}
        own = frozenset([local(register.system, where[register.number])])
        return Expectation(audience, own, where, shows, None, _columns(stage, shows))
    at, before = audience.finds(new), audience.finds(person.key)
    if at is None or not audience.wants({**person.entity, **values}):
        return None
    return Expectation(audience, frozenset([person.key, new]), at, shows, before, told)


def _enter(stage: Stage, kind: str, person: Person, *, more: Entity) -> tuple[str | None, list[Expectation]]:
    """An entry in the register; its key, and what its readers must come to show."""
    side = stage.cast.entries
    if side is None:
        return None, []
    table, said, today = side.publication.resource, person.entity, stage.today.isoformat()
    values: Entity = {
        "kind": kind,
        "register_number": f"{count(stage.register, table) + 1}/{stage.today:%Y}",
        "register_date": today,
        "ward": said.get("ward"),
        "person_name": said["full_name"],
        "sex": said.get("sex"),
        "birth_date": said.get("birth_date"),
        "event_date": today,
        "place": stage.say("place"),
        **more,
    }
    row = side.row({field: value for field, value in values.items() if value})
    reference = referring(stage.register, table, to=stage.cast.register.publication.resource)
    if reference:
        row[reference] = person.row[stage.cast.register.number]
    entered = as_captured(insert(stage.register, table, row))
    key, read = side.key()(entered), side.read()(entered).values
    readers = [audience for audience in stage.cast.of(EVENT) if audience.wants(read)]
    return key, [
        Expectation(audience, frozenset([key]), where, audience.shows(read), None, stage.say("new_row"))
        for audience in readers
        if (where := audience.finds(key))
    ]


def _follows(stage: Stage) -> bool:
    """Whether an entry follows the row that it refers to."""
    entries, people = stage.cast.entries, stage.cast.register.publication.resource
    return entries is not None and referring(stage.register, entries.publication.resource, to=people) is not None


def _columns(stage: Stage, shows: Row) -> str:
    return stage.say("corrected", columns=", ".join(shows))


def _new_number(stage: Stage, person: Person) -> str:
    """12 digits: the city's province, century and sex, year, a number at random."""
    born, is_female = stage.today, person.entity.get("sex") == "female"
    century = 2 * (born.year // 100 - 19) + is_female
    return f"001{century}{born:%y}{random.randrange(1_000_000):06d}"  # noqa: S311
