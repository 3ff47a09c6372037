"""Random work at the three registers that publish: each officer has one register and knows what its law lets people do.

Values that people write are all different, so that whoever shows one has it from there. Numbers are given in ascending
order, and only a higher number is ever said to stand for a lower one: no circle of names can come about.
"""

import random
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from tests.chaos.desks import Desk
from tests.chaos.words import LONGEST_NAME, Row, Value

_FAMILY = ("Nguyễn", "Trần", "Lê", "Phạm", "Hoàng", "Đặng", "Vũ", "Bùi")
_GIVEN = ("An", "Bình", "Chi", "Dũng", "Giang", "Hà", "Hương", "Quỳnh", "Khánh", "Linh")
_STREETS = ("Hàng Bài", "Hàng Bông", "Trần Phú", "Lò Đúc", "Láng")
_WARDS = ("00004", "00008", "00025", "00070")


@dataclass
class Numbers:
    """What has been given out by now: shared by all officers, who write down what people show them."""

    serial: int = 0
    given: list[str] = field(default_factory=list)
    old_ids: list[str] = field(default_factory=list)
    #: Numbers that some row has called its former one: nobody is registered anew under such a number.
    former: set[str] = field(default_factory=set)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def count(self) -> int:
        """Another one each time."""
        with self.lock:
            self.serial += 1
            return self.serial

    def new(self) -> str:
        """A citizen id that nobody has had."""
        serial = self.count()
        return f"001{serial % 4}{serial % 90 + 10}{serial:06d}"

    def new_old_id(self) -> str:
        """A CMND."""
        self.old_ids.append(f"01{self.count():07d}")
        return self.old_ids[-1]


@dataclass
class Officer:
    """One register's. `work` does one thing, of one or more edits, inside the caller's transaction; how many it did."""

    desk: Desk
    numbers: Numbers
    chance: random.Random
    #: What an officer means to undo with the next thing that is done: the row, and what it is to be again.
    undo: tuple[Row, Mapping[str, Value]] | None = None

    def things(self) -> list[tuple[int, Callable[[], int]]]:
        """What can be done, and how often it is."""
        raise NotImplementedError

    def work(self) -> int:
        """One thing. What was done away with for a moment is brought back before anything else."""
        if self.undo is not None:
            (row, changes), self.undo = self.undo, None
            return self._change(row, **changes)
        weights, things = zip(*self.things(), strict=True)
        thing: Callable[[], int] = self.chance.choices(things, weights)[0]
        return thing()

    def _change(self, row: Row | None, **changes: Value) -> int:
        if row is None:
            return 0
        self.desk.update(row, changes)
        return 1

    def _away(self, row: Row | None, **changes: Value) -> int:
        """Another value now, and the one that stands there now with the next edit."""
        if row is not None:
            self.undo = row, {column: row[column] for column in changes}
        return self._change(row, **changes)

    def _remove(self, row: Row | None) -> int:
        if row is None:
            return 0
        self.desk.delete(row)
        return 1

    def _any(self, wanted: Callable[[Row], object] = lambda _: True) -> Row | None:
        return self.desk.some(self.chance, wanted)

    def _name(self) -> str:
        """Different each time, and now and then longer than `dkkd` has room for."""
        digits, serial = [], self.numbers.count()
        while serial:
            serial, digit = divmod(serial, len(_GIVEN))
            digits.append(_GIVEN[digit])
        name = f"{self.chance.choice(_FAMILY)} {' '.join(digits)}"
        if self.chance.random() < 0.2:
            name += " Thị Ngọc Phương Thảo"
        return name + " Vy" if len(name) == LONGEST_NAME else name

    def _address(self) -> str:
        return f"Số {self.numbers.count()} phố {self.chance.choice(_STREETS)}"

    def _date(self) -> str:
        chance = self.chance
        return f"{chance.randint(1, 28):02d}/{chance.randint(1, 12):02d}/{chance.randint(1930, 2025)}"

    def _number_shown(self) -> str | None:
        """What somebody shows: any number that was ever given, also one that has been replaced since."""
        return self.chance.choice(self.numbers.given) if self.numbers.given else None


class CivilStatus(Officer):
    """Registers births; writes down what else people say, some of which is others' to decide."""

    def things(self) -> list[tuple[int, Callable[[], int]]]:
        """See Officer."""
        return [
            (22, lambda: self._register(None)),
            (10, lambda: self._register(self._number_shown())),
            (20, lambda: self._change(self._any(), ho_ten=self._name())),
            (5, lambda: self._change(self._any(), ngay_sinh=self.chance.choice((self._date(), "1950")))),
            (3, lambda: self._change(self._any(), gioi_tinh=self.chance.choice("12"))),
            (3, lambda: self._change(self._any(), ngay_mat=self.chance.choice((self._date(), None)))),
            (8, lambda: self._change(self._any(), noi_thuong_tru=self._address())),
            (4, lambda: self._away(self._any(), noi_thuong_tru=self._address())),
            (4, lambda: self._away(self._any(), ho_ten=self._name())),
            (3, lambda: self._change(self._any(), so_dinh_danh=self._number_shown())),
            (7, lambda: self._remove(self._any())),
        ]

    def _register(self, number: str | None) -> int:
        self.desk.insert(
            {
                "so_dinh_danh": number,
                "ho_ten": self._name(),
                "ngay_sinh": self._date(),
                "gioi_tinh": self.chance.choice("12"),
                "noi_thuong_tru": self.chance.choice((None, self._address())),
            }
        )
        return 1


class Population(Officer):
    """Gives numbers, says who lives where, and which two numbers are one person."""

    def things(self) -> list[tuple[int, Callable[[], int]]]:
        """See Officer."""
        return [
            (12, lambda: self._register(so_dinh_danh=self._number())),
            (5, lambda: self._register(so_dinh_danh=self._number(), so_cmnd_cu=self.numbers.new_old_id())),
            (2, self._register),
            (25, self._give_number),
            (12, lambda: self._write(self._any(), ma_xa=self.chance.choice(_WARDS))),
            (12, lambda: self._write(self._any(), noi_o=self._address())),
            (8, lambda: self._write(self._any(), ho_va_ten=self._name())),
            (4, lambda: self._away(self._any(_is_numbered), ho_va_ten=self._name())),
            (2, lambda: self._write(self._any(_is_numbered), so_cmnd_cu=self.numbers.new_old_id())),
            (5, self._reissue),
            (4, self._join),
            (3, self._part),
            (6, lambda: self._remove(self._any(_is_numbered))),
            (2, lambda: self._remove(self._any(lambda row: not _is_numbered(row)))),
            (4, self._register_again),
        ]

    def _number(self) -> str:
        """A new one; people may show it from now on, also if it is never written down."""
        number = self.numbers.new()
        self.numbers.given.append(number)
        return number

    def _register(self, **numbers: Value) -> int:
        self.desk.insert(
            {"ho_va_ten": self._name(), "noi_o": self._address(), "ma_xa": self.chance.choice(_WARDS), **numbers}
        )
        return 1

    def _write(self, row: Row | None, **changes: Value) -> int:
        """An officer who works on a record that came with a number confirms it."""
        if row is not None and not _is_numbered(row) and str(row["ma_lien_thong"]).startswith("citizen_id:"):
            changes["so_dinh_danh"] = str(row["ma_lien_thong"]).partition(":")[2]
        return self._change(row, **changes)

    def _give_number(self) -> int:
        row = self._any(lambda row: not _is_numbered(row) and "#" in str(row["ma_lien_thong"]))
        return self._change(row, so_dinh_danh=self._number(), noi_o=self._address()) if row is not None else 0

    def _reissue(self) -> int:
        """The number was wrong: a new one, and the record says which it had."""
        row = self._any(lambda row: _is_numbered(row) and not row["so_dinh_danh_cu"])
        if row is None:
            return 0
        self.numbers.former.add(str(row["so_dinh_danh"]))
        return self._change(row, so_dinh_danh=self._number(), so_dinh_danh_cu=row["so_dinh_danh"])

    def _join(self) -> int:
        """Two records are of one person: the older goes, the younger says so."""
        first, second = (self._any(_is_numbered) for _ in range(2))
        if first is None or second is None:
            return 0
        older, younger = sorted((first, second), key=lambda row: str(row["so_dinh_danh"])[-6:])
        if older["so_dinh_danh"] == younger["so_dinh_danh"] or younger["so_dinh_danh_cu"]:
            return 0
        self.numbers.former.add(str(older["so_dinh_danh"]))
        return self._remove(older) + self._change(younger, so_dinh_danh_cu=older["so_dinh_danh"])

    def _part(self) -> int:
        """They were two after all: the number is nobody's former one any more, and its person has a record again."""
        row = self._any(lambda row: _is_numbered(row) and row["so_dinh_danh_cu"])
        if row is None:
            return 0
        return self._change(row, so_dinh_danh_cu=None) + self._register(so_dinh_danh=row["so_dinh_danh_cu"])

    def _register_again(self) -> int:
        """Somebody with a number that was given before and has no record, so that there is one again."""
        number = self._number_shown()
        if number is None or number in self.numbers.former:
            return 0
        held = self._any(lambda row: row["so_dinh_danh"] == number or row["ma_lien_thong"] == f"citizen_id:{number}")
        return self._register(so_dinh_danh=number) if held is None else 0


class Business(Officer):
    """Writes down owners of businesses, by whatever number they show, and their telephones."""

    def things(self) -> list[tuple[int, Callable[[], int]]]:
        """See Officer."""
        return [
            (25, lambda: self._register(so_dinh_danh=self._number_shown())),
            (8, lambda: self._register(so_cmnd=self._old_id_shown())),
            (20, lambda: self._change(self._any(), dien_thoai=self._phone())),
            (10, lambda: self._change(self._any(), ten=self._name())),
            (5, lambda: self._away(self._any(), ten=self._name())),
            (5, lambda: self._change(self._any(), dia_chi=self._address())),
            (4, lambda: self._change(self._any(), so_dinh_danh=self._number_shown())),
            (8, lambda: self._remove(self._any())),
        ]

    def _register(self, **numbers: Value) -> int:
        self.desk.insert({"ten": self._name(), "dia_chi": self._address(), "dien_thoai": self._phone(), **numbers})
        return 1

    def _phone(self) -> str:
        return f"09{self.numbers.count():08d}"

    def _old_id_shown(self) -> str | None:
        return self.chance.choice(self.numbers.old_ids) if self.numbers.old_ids else None


def _is_numbered(row: Row) -> bool:
    return row["so_dinh_danh"] is not None


#: By register, who works at it.
ALL: Mapping[str, type[Officer]] = {"ho_tich": CivilStatus, "dan_cu": Population, "dkkd": Business}
