"""Made-up businesses of made-up people: households under the owner's number, enterprises under one of their own."""

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from random import Random
from typing import Final, NamedTuple

from deploy.embedded.people import LAST_DAY, Person
from deploy.embedded.people_words import Choice, sample

_OWNERS: Final = 0.06
_HOUSEHOLDS: Final = 0.7
_WEIGHTS: Final = (31, 29, 23, 19, 17, 13, 7, 5, 3)


class Business(NamedTuple):
    """As registered. `kind` and `status` are the canonical words."""

    code: str
    name: str
    kind: str
    owner: Person
    address: str
    ward: str
    status: str
    lines: str
    registered: date


def businesses(seed: int, owners: Iterable[Person]) -> Iterator[Business]:
    """Of some of these people, one each: the living of working age who have a number."""
    dice = Random(f"{seed}/businesses")  # noqa: S311 - a sample must repeat itself
    words = sample("registers")
    lines = Choice({name: about["weight"] for name, about in words["lines"].items()})
    statuses = Choice(words["statuses"])
    given: set[str] = set()
    for person in owners:
        is_able = person.citizen_id and person.death is None and 1950 < person.birth.year < 2004
        if not is_able or dice.random() >= _OWNERS:
            continue
        is_household = dice.random() < _HOUSEHOLDS
        line = lines.pick(dice)
        plain = " ".join(person.full_name.split())
        called = f"{words['lines'][line]['enterprise']} {dice.choice(words['words'])}"
        yield Business(
            code=str(person.citizen_id) if is_household else _code(dice, given),
            name=f"Hộ kinh doanh {plain}" if is_household else called,
            kind="household" if is_household else "enterprise",
            owner=person,
            address=person.residence,
            ward=person.ward,
            status=statuses.pick(dice),
            lines=line,
            registered=LAST_DAY - timedelta(days=dice.randrange(30, 5000)),
        )


def _code(dice: Random, given: set[str]) -> str:
    """10 digits, the last of which checks the others; those whose check would be 10 are not given."""
    while True:
        digits = f"01{dice.randrange(10**7):07d}"
        check = 10 - sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, digits, strict=True)) % 11
        code = f"{digits}{check}"
        if check < 10 and code not in given:
            given.add(code)
            return code
