"""The made-up people: always the same, valid, and spread as people are."""

import time
import unicodedata
from collections import Counter
from datetime import date

import pytest

from deploy.embedded.people import LAST_DAY, Person, people
from deploy.embedded.people_words import sample

COUNT = 4000


@pytest.fixture(scope="module")
def crowd() -> list[Person]:
    return list(people(7, COUNT))


def test_the_same_seed_makes_the_same_people() -> None:
    assert list(people(7, 200)) == list(people(7, 200))
    assert list(people(7, 200)) != list(people(8, 200))


def test_more_people_come_after_the_same_ones(crowd: list[Person]) -> None:
    assert list(people(7, 300)) == crowd[:300]


def test_ten_thousand_take_two_seconds_at_most() -> None:
    # The processor's time, for the machine is shared.
    started = time.process_time()
    assert sum(1 for _ in people(1, 10_000)) == 10_000
    assert time.process_time() - started <= 2.0


def test_citizen_ids_say_province_century_sex_and_year(crowd: list[Person]) -> None:
    origins = sample("people")["origins"]
    for person in crowd:
        if person.citizen_id is None:
            continue
        assert len(person.citizen_id) == 12
        assert person.citizen_id.isdigit()
        assert person.citizen_id[:3] in origins
        century, sex = divmod(int(person.citizen_id[3]), 2)
        assert 1900 + 100 * century + int(person.citizen_id[4:6]) == person.birth.year
        assert sex == ("male", "female").index(person.sex)


def test_identifiers_are_unique(crowd: list[Person]) -> None:
    for numbers in ([p.citizen_id for p in crowd], [p.old_id for p in crowd]):
        given = [number for number in numbers if number is not None]
        assert len(given) > COUNT // 4
        assert len(given) == len(set(given))


def test_the_born_of_the_last_weeks_have_no_citizen_id_yet(crowd: list[Person]) -> None:
    born = {
        person: date(person.birth.year, person.birth.month, person.birth.day)
        for person in crowd
        if person.birth.month is not None and person.birth.day is not None
    }
    newborns = [person for person, day in born.items() if (LAST_DAY - day).days < 45]
    assert newborns
    assert all(person.citizen_id is None for person in newborns)
    living = [person for person, day in born.items() if (LAST_DAY - day).days >= 45 and person.death is None]
    assert all(person.citizen_id for person in living)


def test_people_are_of_all_ages_and_nobody_dies_unborn(crowd: list[Person]) -> None:
    years = Counter(person.birth.year // 10 for person in crowd)
    assert set(years) == set(range(193, 203))
    for person in crowd:
        assert person.birth.year >= 1930
        if person.death is not None:
            assert person.death <= LAST_DAY
            assert person.death >= date(person.birth.year, person.birth.month or 1, person.birth.day or 1)
    assert 0.02 < sum(person.death is not None for person in crowd) / COUNT < 0.1


def test_of_some_old_people_only_the_year_is_known(crowd: list[Person]) -> None:
    partial = [person for person in crowd if person.birth.month is None]
    assert partial
    assert all(person.birth.day is None and person.birth.year < 1960 for person in partial)


def test_names_fit_sex_and_generation(crowd: list[Person]) -> None:
    women = [p.full_name for p in crowd if p.sex == "female" and p.birth.year < 1960]
    girls = [p.full_name for p in crowd if p.sex == "female" and p.birth.year > 2005]
    with_thi = [sum(" Thị " in name for name in names) / len(names) for names in (women, girls)]
    assert with_thi[0] > 0.8
    assert with_thi[1] < 0.15
    assert not any(" Thị " in p.full_name for p in crowd if p.sex == "male")
    families = Counter(unicodedata.normalize("NFC", p.full_name).split()[0] for p in crowd)
    assert families.most_common(1)[0][0] == "Nguyễn"


def test_some_names_are_spelled_untidily(crowd: list[Person]) -> None:
    names = [person.full_name for person in crowd]
    assert any(name != " ".join(name.split()) for name in names)
    assert any(name != unicodedata.normalize("NFC", name) for name in names)


def test_addresses_name_the_unit_of_the_code(crowd: list[Person]) -> None:
    units = sample("units")
    assert len(units["wards"]) == 51
    assert len(units["communes"]) == 75
    for person in crowd:
        kind = "phường" if person.ward in units["wards"] else "xã"
        name = (units["wards"] | units["communes"])[person.ward]
        assert f"{kind} {name}, Hà Nội" in person.residence


def test_phones_come_in_old_and_new_forms_and_not_to_children(crowd: list[Person]) -> None:
    digits = ["".join(c for c in p.phone if c.isdigit()) for p in crowd if p.phone and not p.phone.startswith("+")]
    assert {len(number) for number in digits} == {10, 11}
    assert any(number.startswith("0168") for number in digits)
    assert not any(p.phone for p in crowd if p.birth.year > 2012)
