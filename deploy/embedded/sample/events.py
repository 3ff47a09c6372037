"""Made-up entries in the civil status registers of the last two years: births, deaths, marriages."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from random import Random
from typing import Final, NamedTuple

from deploy.embedded.people import LAST_DAY, Person
from deploy.embedded.people_words import Choice, sample

_SINCE: Final = 2025
_MARRIED: Final = 0.01


class Event(NamedTuple):
    """One entry. `row`: the place of the person among those given; `kind` is the canonical word."""

    kind: str
    row: int
    person: Person
    number: str
    entered: date
    happened: date
    place: str | None
    mother: Person | None
    father: Person | None


def events(seed: int, registered: Sequence[Person]) -> Iterator[Event]:
    """What the registers say of these people; numbers begin anew with each ward, year and kind."""
    dice = Random(f"{seed}/events")  # noqa: S311 - a sample must repeat itself
    words = sample("registers")
    maternity, death = Choice(words["maternity"]), Choice(words["death"])
    parents = {
        sex: [p for p in registered if p.sex == sex and 1980 < p.birth.year < 2002] for sex in ("male", "female")
    }
    numbers: Counter[tuple[str, int, str]] = Counter()

    def entry(kind: str, row: int, happened: date, place: str | None, *, within: int) -> Event:
        person = registered[row]
        entered = min(LAST_DAY, happened + timedelta(days=dice.randrange(within)))
        numbers[person.ward, entered.year, kind] += 1
        number = f"{numbers[person.ward, entered.year, kind]}/{entered.year}"
        is_birth = kind == "birth"
        mother = dice.choice(parents["female"]) if is_birth and parents["female"] else None
        father = dice.choice(parents["male"]) if is_birth and parents["male"] and dice.random() < 0.95 else None
        return Event(kind, row, person, number, entered, happened, place, mother, father)

    for row, person in enumerate(registered):
        born = person.birth
        if born.year >= _SINCE and born.month and born.day:
            yield entry("birth", row, date(born.year, born.month, born.day), maternity.pick(dice), within=60)
        if person.death is not None and person.death.year >= _SINCE:
            yield entry("death", row, person.death, death.pick(dice), within=15)
        if 1985 < born.year < 2006 and person.death is None and dice.random() < _MARRIED:
            happened = LAST_DAY - timedelta(days=dice.randrange(600))
            yield entry("marriage", row, happened, None, within=1)
