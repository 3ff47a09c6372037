"""Officers whose work leaves no doubt about who is who: one number a person, for good, and one row a person a register.

Everything else is as in officers.py: several registers write about the same people at once, non-owners edit what others
decide, people set a value away and back, records are deleted and written about afterwards.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from tests.chaos.officers import Business, CivilStatus, Officer, Population
from tests.chaos.words import Row

_WARDS = ("00004", "00008", "00025", "00070")


class Calm(Officer):
    """Names fit into the forms of every register, `dkkd` too: what is cut off there is a word of its own."""

    def _name(self) -> str:
        letters, serial = "", self.numbers.count()
        while serial:
            serial, digit = divmod(serial, 20)
            letters += "aeiouybcdghklmnpqrst"[digit]
        return f"{self.chance.choice(('Lê', 'Trần', 'Phạm', 'Vũ'))} {letters.capitalize()}"


class CalmPopulation(Calm, Population):
    """Gives every new record its number, and shows others only numbers that stand in a record."""

    def things(self) -> list[tuple[int, Callable[[], int]]]:
        """See Officer."""
        return [
            (14, self._register_numbered),
            (12, lambda: self._change(self._seen(), ma_xa=self.chance.choice(_WARDS))),
            (12, lambda: self._change(self._seen(), noi_o=self._address())),
            (8, lambda: self._change(self._seen(), ho_va_ten=self._name())),
            (6, lambda: self._remove(self._seen())),
        ]

    def _register_numbered(self) -> int:
        self._seen()
        number = f"001{self.numbers.count() % 4}{self.numbers.count() % 90 + 10}{self.numbers.count():06d}"
        return self._register(so_dinh_danh=number)

    def _seen(self) -> Row | None:
        row = self._any(lambda row: row["so_dinh_danh"] is not None)
        if row is not None and row["so_dinh_danh"] not in self.numbers.given[-200:]:
            self.numbers.given.append(str(row["so_dinh_danh"]))
        return row


def _unseen(officer: Officer, written: set[str]) -> str | None:
    """A number that somebody shows for the first time."""
    number = next((number for number in reversed(officer.numbers.given) if number not in written), None)
    if number is not None:
        written.add(number)
    return number


@dataclass
class CalmCivilStatus(Calm, CivilStatus):
    """Writes down who shows a number."""

    written: set[str] = field(default_factory=set)

    def things(self) -> list[tuple[int, Callable[[], int]]]:
        """See Officer."""
        return [
            (14, self._register_shown),
            (20, lambda: self._change(self._any(), ho_ten=self._name())),
            (5, lambda: self._change(self._any(), ngay_sinh=self.chance.choice((self._date(), "1950")))),
            (3, lambda: self._change(self._any(), gioi_tinh=self.chance.choice("12"))),
            (3, lambda: self._change(self._any(), ngay_mat=self.chance.choice((self._date(), None)))),
            (8, lambda: self._change(self._any(), noi_thuong_tru=self._address())),
            (4, lambda: self._away(self._any(), ho_ten=self._name())),
            (7, lambda: self._remove(self._any())),
        ]

    def _register_shown(self) -> int:
        number = _unseen(self, self.written)
        return 0 if number is None else self._register(number)


@dataclass
class CalmBusiness(Calm, Business):
    """Writes down owners who show a number."""

    written: set[str] = field(default_factory=set)

    def things(self) -> list[tuple[int, Callable[[], int]]]:
        """See Officer."""
        return [
            (20, self._register_shown),
            (20, lambda: self._change(self._any(), dien_thoai=self._phone())),
            (8, lambda: self._remove(self._any())),
        ]

    def _register_shown(self) -> int:
        number = _unseen(self, self.written)
        return 0 if number is None else self._register(so_dinh_danh=number)


CALM: Mapping[str, type[Officer]] = {"ho_tich": CalmCivilStatus, "dan_cu": CalmPopulation, "dkkd": CalmBusiness}
