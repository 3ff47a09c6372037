"""What the rows of the publishing systems say, told by the tables and by what people wrote into them, by that alone.

This is one half of a specification, written a second time and without a line of the product: a row is about whom its
own columns name, and it says what a person wrote into it, as long as that stands there. What a delivery has put there,
or has left empty in a row that it made, it only shows, also what a register makes by itself of a name that is too long
for it.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import NamedTuple, TypeAlias

Row: TypeAlias = Mapping[str, str | None]
Value: TypeAlias = str | None

#: The longest name that fits into the forms of `dkkd`.
LONGEST_NAME = 24


class Edit(NamedTuple):
    """One row written by a person. `before` None: new; `after` None: deleted."""

    row: str
    before: Row | None
    after: Row | None


class Word(NamedTuple):
    """What one row says. Of two rows of a system the one with the greater `place` was written later.

    `names`: other keys that the row states to be the same entity. `values`: by field, all that the row speaks about,
    None where it says that there is nothing. `shown`: fields that no person wrote as they stand. `is_copy`: a delivery
    has made the row. `is_gone`: a person has deleted it. One that a delivery has taken away is not there either, and
    says no more than which keys are one: that is never taken back by us.
    """

    system: str
    row: str
    place: int
    key: str
    names: frozenset[str]
    values: Mapping[str, Value]
    shown: frozenset[str]
    is_copy: bool
    is_gone: bool
    is_there: bool

    @property
    def says_something(self) -> bool:
        """Whether anything in it is a person's word: a mere copy makes nobody exist."""
        return not self.is_copy or bool(self.values.keys() - self.shown)


@dataclass(frozen=True)
class Register:
    """How one publishing system writes things down. `told`: columns that it publishes and deliveries write as well."""

    system: str
    fields: Mapping[str, tuple[str, Callable[[str], str]]]
    told: frozenset[str]
    key: Callable[[str, Row], str]
    names: Callable[[Row], Iterable[str]]


def _same(value: str) -> str:
    return value


def _name(value: str) -> str:
    return " ".join(value.split())


def _iso(value: str) -> str:
    return datetime.strptime(value, "%d/%m/%Y").date().isoformat() if "/" in value else value


def _sex(value: str) -> str:
    return {"1": "male", "2": "female"}[value]


def _e164(value: str) -> str:
    return "+84" + value.removeprefix("0")


def _number_or(row: Row, *, otherwise: str) -> str:
    return f"citizen_id:{row['so_dinh_danh']}" if row["so_dinh_danh"] else otherwise


def _name_of_dkkd(row: str, image: Row) -> str:
    return _number_or(image, otherwise=f"old_id:{image['so_cmnd']}" if image["so_cmnd"] else f"dkkd#{row}")


def _stated(image: Row) -> list[str]:
    numbers = (("citizen_id", image["so_dinh_danh_cu"]), ("old_id", image["so_cmnd_cu"]))
    return [f"{kind}:{number}" for kind, number in numbers if number]


HO_TICH = Register(
    "ho_tich",
    {
        "citizen_id": ("so_dinh_danh", _same),
        "full_name": ("ho_ten", _name),
        "birth_date": ("ngay_sinh", _iso),
        "sex": ("gioi_tinh", _sex),
        "death_date": ("ngay_mat", _iso),
        "residence": ("noi_thuong_tru", _same),
    },
    told=frozenset({"so_dinh_danh", "noi_thuong_tru"}),
    key=lambda row, image: _number_or(image, otherwise=f"ho_tich#{row}"),
    names=lambda _: (),
)
DAN_CU = Register(
    "dan_cu",
    {
        "citizen_id": ("so_dinh_danh", _same),
        "old_id": ("so_cmnd_cu", _same),
        "full_name": ("ho_va_ten", _name),
        "residence": ("noi_o", _same),
        "ward": ("ma_xa", _same),
    },
    told=frozenset({"ho_va_ten"}),
    key=lambda _, image: _number_or(image, otherwise=str(image["ma_lien_thong"])),
    names=_stated,
)
DKKD = Register(
    "dkkd",
    {"full_name": ("ten", _name), "residence": ("dia_chi", _same), "phone": ("dien_thoai", _e164)},
    told=frozenset({"ten", "dia_chi"}),
    key=_name_of_dkkd,
    names=lambda _: (),
)


def words(register: Register, rows: Iterable[tuple[str, int, Row]], edits: Iterable[Edit]) -> list[Word]:
    """All rows as they are, and those that are there no more as they were. `rows`: name, place, columns."""
    there = list(rows)
    pasts: dict[str, _Past] = {}
    for edit in edits:
        pasts.setdefault(edit.row, _Past()).take(register, edit)
    found = [_word(register, row, place, image, pasts.get(row, _Past())) for row, place, image in there]
    gone = [_word(register, row, 0, past.left, past) for row, past in pasts.items() if past.left is not None]
    missing = pasts.keys() - {row for row, _, _ in there} - {word.row for word in gone}
    taken = [_word(register, row, 0, pasts[row].last, pasts[row]) for row in sorted(missing)]
    return [
        *found,
        *gone,
        *(word._replace(values={}, shown=frozenset(), is_there=False, is_copy=True) for word in taken),
    ]


@dataclass
class _Past:
    """What people did to one row. `written`: by column, what they wrote last. `left`: the row, where they deleted it.

    `provisional`: the keys without a number that it went by: whoever gives the number says who it is for.
    `is_copy`: no person made the row. `last`: the row as they left it.
    """

    is_copy: bool = True
    last: Row = field(default_factory=dict)
    written: dict[str, Value] = field(default_factory=dict)
    provisional: set[str] = field(default_factory=set)
    left: Row | None = None

    def take(self, register: Register, edit: Edit) -> None:
        """The next edit."""
        before, after = edit.before or {}, edit.after or {}
        keys = {str(image.get("ma_lien_thong") or "") for image in (before, after)}
        self.provisional |= {key for key in keys if "#" in key}
        self.left = edit.before if edit.after is None else None
        self.last = edit.after or self.last
        self.is_copy = self.is_copy and edit.before is not None
        for column, _ in register.fields.values():
            if column in after and (edit.before is None or after[column] != before[column]):
                self.written[column] = after[column]


def _word(register: Register, row: str, place: int, image: Row, past: _Past) -> Word:
    key = register.key(row, image)
    names = frozenset(register.names(image)) | (frozenset() if "#" in key else past.provisional)
    return Word(
        register.system,
        row,
        place,
        key,
        names - {key},
        {name: _read(image[column], read) for name, (column, read) in register.fields.items()},
        frozenset(name for name, (column, _) in register.fields.items() if _is_shown(register, column, image, past)),
        is_copy=past.is_copy,
        is_gone=image is past.left,
        is_there=image is not past.left,
    )


def _is_shown(register: Register, column: str, image: Row, past: _Past) -> bool:
    value = image[column]
    # A name that was cut off behind a word is told without the blank at its end.
    written = (past.written.get(column) or "").strip()
    return column not in past.written or (column in register.told and written != (value or "").strip())


def _read(value: str | date | None, read: Callable[[str], str]) -> Value:
    return read(str(value)) if value else None
