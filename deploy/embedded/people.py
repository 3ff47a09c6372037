"""Made-up people of a city, believable and always the same for the same seed. None of them exists."""

import random
from calendar import monthrange
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Final, NamedTuple

from deploy.embedded.people_places import Places
from deploy.embedded.people_words import Words

#: Nobody is born or dies after this day: the sample stays the same whenever it is made.
LAST_DAY: Final = date(2026, 10, 31)
_NEWBORN_DAYS: Final = 45
#: Who died before then never got a 12-digit number.
_FIRST_CITIZEN_IDS: Final = date(2016, 1, 1)

_OLD_PREFIXES: Final = (
    *("0120", "0121", "0122", "0123", "0124", "0125", "0126", "0127", "0128", "0129"),
    *("0162", "0163", "0164", "0165", "0166", "0167", "0168", "0169", "0186", "0188", "0199"),
)
_PREFIXES: Final = (
    *("032", "033", "034", "035", "036", "037", "038", "039", "056", "058", "070", "076", "077", "078", "079"),
    *("081", "082", "083", "084", "085", "086", "088", "090", "091", "093", "094", "096", "097", "098"),
)


class Birth(NamedTuple):
    """A date of which the day, or month and day, may not be on record."""

    year: int
    month: int | None
    day: int | None


class Person(NamedTuple):
    """One person as a clerk would have entered them: phones, spaces and letters in several spellings."""

    citizen_id: str | None
    old_id: str | None
    full_name: str
    birth: Birth
    sex: str  #: male or female
    ethnicity: str
    home_place: str
    residence: str
    ward: str
    phone: str | None
    death: date | None
    note: str | None


def people(seed: int, count: int) -> Iterator[Person]:
    """`count` people; a greater count only adds people after the same ones. Identifiers are valid and unique."""
    city = _City(seed)
    for _ in range(count):
        yield city.person()


class _City:
    """The dice, the words, and the identifiers given so far."""

    def __init__(self, seed: int) -> None:
        self._dice = random.Random(seed)  # noqa: S311 - a sample must repeat itself
        self._words = Words.load()
        self._places = Places.load()
        self._given: set[str] = set()

    def person(self) -> Person:
        dice, words = self._dice, self._words
        sex = "male" if dice.random() < 0.503 else "female"
        born = self._birthday()
        died = self._death(born)
        origin = self._places.origin(dice)
        place = self._places.residence(dice)
        return Person(
            citizen_id=self._citizen_id(origin.code, sex, born=born, died=died),
            old_id=self._old_id(origin.code, born),
            full_name=self._spelled(words.name(dice, sex, born.year)),
            birth=self._on_record(born),
            sex=sex,
            ethnicity=words.ethnicities.pick(dice),
            home_place=origin.place(dice),
            residence=place.text,
            ward=place.ward,
            phone=self._phone(born, died),
            death=died,
            note=words.notes.pick(dice) if dice.random() < 0.05 else None,
        )

    def _birthday(self) -> date:
        year = self._words.births.pick(self._dice)
        month = self._dice.randint(1, 12)
        born = date(year, month, self._dice.randint(1, monthrange(year, month)[1]))
        return born if born <= LAST_DAY else LAST_DAY - timedelta(days=self._dice.randrange(300))

    def _death(self, born: date) -> date | None:
        """Few die young; of those born in 1930 four in five have died."""
        age = (LAST_DAY - born).days / 365.25
        if self._dice.random() >= min(0.8, 0.003 + (max(0.0, age - 30) / 70) ** 3):
            return None
        years = age * (1 - self._dice.random() ** 2 * 0.4)
        return min(LAST_DAY, born + timedelta(days=int(years * 365.25)))

    def _on_record(self, born: date) -> Birth:
        chance = self._dice.random()
        if born.year < 1960 and chance < 0.12:
            return Birth(born.year, None, None)
        return Birth(born.year, born.month, born.day)

    def _citizen_id(self, province: str, sex: str, *, born: date, died: date | None) -> str | None:
        newborn = (LAST_DAY - born).days < _NEWBORN_DAYS
        if newborn or (died is not None and died < _FIRST_CITIZEN_IDS):
            return None
        century_and_sex = 2 * (born.year // 100 - 19) + (sex == "female")
        return self._unused(f"{province}{century_and_sex}{born.year % 100:02d}", digits=6)

    def _old_id(self, province: str, born: date) -> str | None:
        if born.year > 2000 or self._dice.random() < 0.35:
            return None
        return self._unused(province[1:], digits=7)

    def _unused(self, prefix: str, *, digits: int) -> str:
        while True:
            number = f"{prefix}{self._dice.randrange(10**digits):0{digits}d}"
            if number not in self._given:
                self._given.add(number)
                return number

    def _phone(self, born: date, died: date | None) -> str | None:
        age = LAST_DAY.year - born.year
        if died is not None or age < 14 or self._dice.random() < (0.5 if age > 75 else 0.08):
            return None
        old = self._dice.random() < 0.12
        prefix = self._dice.choice(_OLD_PREFIXES if old else _PREFIXES)
        number = f"{self._dice.randrange(10**7):07d}"
        match self._dice.randrange(10):
            case 0:
                return f"{prefix} {number[:3]} {number[3:]}"
            case 1:
                return f"{prefix}.{number[:3]}.{number[3:]}"
            case 2:
                return f"+84{prefix[1:]}{number}"
        return prefix + number

    def _spelled(self, name: str) -> str:
        """A clerk's slip now and then: a doubled space, one too many at the end, letters in pieces."""
        match self._dice.randrange(400):
            case 0:
                return name.replace(" ", "  ", 1)
            case 1:
                return f"{name} "
            case 2:
                return self._words.in_pieces(name)
        return name
