"""The made-up people of the sample systems: which of them civil status knows, and which the population database."""

from collections.abc import Iterator
from random import Random
from typing import Final, NamedTuple

from deploy.embedded.people import Person, people
from deploy.embedded.people_places import Places

#: Of a hundred: born elsewhere, so that civil status has no row of them; or not yet in the population database.
_BORN_ELSEWHERE: Final = 0.03
_NOT_COUNTED: Final = 0.005
#: Of a hundred: moved since civil status heard of them; entered in capitals by the population database.
_MOVED: Final = 0.03
_IN_CAPITALS: Final = 0.01
#: Born before then, some are still known to civil status by their 9-digit number alone.
_WITH_OLD_ID_ALONE: Final = (1965, 0.25)
_ENDLESS: Final = 1 << 62


class Resident(NamedTuple):
    """One person, as the two databases of people know them, or do not."""

    person: Person
    in_register: bool
    in_population: bool
    #: What civil status has; None also where it has the old number alone.
    number_in_register: str | None
    residence_in_register: str
    ward_in_register: str
    name_in_population: str


def residents(seed: int, count: int) -> Iterator[Resident]:
    """As many as it takes for `count` of them to stand in the register; a greater count only adds some."""
    dice, places = Random(f"{seed}/residents"), Places.load()  # noqa: S311 - a sample must repeat itself
    registered = 0
    for person in people(seed, _ENDLESS):
        if registered == count:
            return
        if person.citizen_id is None and person.death is not None:
            continue  # their sheets are still on paper
        resident = _resident(person, dice, places)
        registered += resident.in_register
        yield resident


def _resident(person: Person, dice: Random, places: Places) -> Resident:
    is_new = person.citizen_id is None
    chance = dice.random()
    in_register = is_new or chance >= _BORN_ELSEWHERE
    in_population = not is_new and not _BORN_ELSEWHERE <= chance < _BORN_ELSEWHERE + _NOT_COUNTED
    year, share = _WITH_OLD_ID_ALONE
    by_old_id = in_population and person.old_id is not None and person.birth.year < year and dice.random() < share
    before = places.residence(dice) if dice.random() < _MOVED else None
    return Resident(
        person=person,
        in_register=in_register,
        in_population=in_population,
        number_in_register=None if by_old_id else person.citizen_id,
        residence_in_register=before.text if before else person.residence,
        ward_in_register=before.ward if before else person.ward,
        name_in_population=person.full_name.upper() if dice.random() < _IN_CAPITALS else person.full_name,
    )
