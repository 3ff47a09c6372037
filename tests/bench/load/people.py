"""Rows of the load: made-up people, the same for the same seed."""

import datetime as dt
import random
from collections.abc import Sequence
from typing import Final, NamedTuple

_FAMILY: Final = (
    "Nguyễn", "Trần", "Lê", "Phạm", "Hoàng", "Huỳnh", "Phan", "Vũ", "Võ", "Đặng", "Bùi", "Đỗ", "Hồ", "Ngô", "Dương",
    "Lý",
)  # fmt: skip
_MIDDLE: Final = (
    "Văn", "Thị", "Hữu", "Đức", "Minh", "Ngọc", "Thanh", "Quốc", "Xuân", "Thùy", "Gia", "Bảo",
)  # fmt: skip
_GIVEN: Final = (
    "An", "Bình", "Chi", "Dũng", "Giang", "Hà", "Hải", "Hạnh", "Hiếu", "Hoa", "Hùng", "Hương", "Khánh", "Lan",
    "Linh", "Long", "Mai", "Nam", "Nga", "Phúc", "Quân", "Quỳnh", "Sơn", "Tâm", "Thảo", "Trang", "Tuấn", "Vy",
    "Yến",
)  # fmt: skip
_STREETS: Final = ("Nguyễn Thị Minh Khai", "Trần Hưng Đạo", "Lê Lợi", "Điện Biên Phủ", "Kim Mã", "Hoàng Văn Thụ")
_WARDS: Final = ("Phường Cửa Nam", "Phường Hoàn Kiếm", "Phường Ba Đình", "Phường Hai Bà Trưng", "Phường Đống Đa")
_MOBILE: Final = ("090", "091", "093", "094", "096", "097", "098")
STATUSES: Final = ("THUONG_TRU", "TAM_TRU", "TAM_VANG", "CHUYEN_DI")


class Person(NamedTuple):
    """One row as it is inserted; the version stands at the head of the note, and rises with each update."""

    so_dinh_danh: str
    ho_ten: str
    ngay_sinh: dt.date
    gioi_tinh: str
    dia_chi: str
    dien_thoai: str
    ma_phuong: str
    so_ho_khau: str
    trang_thai: str
    version: int
    ghi_chu: str


def person(number: int, chance: random.Random) -> Person:
    """The `number`th person; different numbers below 10^6 have different ids."""
    return Person(
        f"{1 + number % 96:03d}{number % 4}{number % 89 + 10:02d}{number:06d}",
        f"{chance.choice(_FAMILY)} {chance.choice(_MIDDLE)} {chance.choice(_GIVEN)}",
        dt.date(1940, 1, 1) + dt.timedelta(days=chance.randint(0, 29000)),
        chance.choice(("Nam", "Nữ")),
        address(chance),
        phone(chance),
        f"{chance.randint(1, 99999):05d}",
        f"HK{number // 4:010d}",
        chance.choice(STATUSES),
        1,
        "v1" if chance.random() < 0.5 else f"v1 Ghi chú hồ sơ số {number}",
    )


def address(chance: random.Random) -> str:
    """A street address."""
    street, ward = chance.choice(_STREETS), chance.choice(_WARDS)
    return f"Số {chance.randint(1, 999)}/{chance.randint(1, 60)} {street}, {ward}, TP. Hà Nội"


def phone(chance: random.Random) -> str:
    """A mobile number as it is written at home."""
    return f"{chance.choice(_MOBILE)}{chance.randint(0, 9_999_999):07d}"


class Transaction(NamedTuple):
    """What one transaction of a burst does: 70 % updates, 20 % inserts, 10 % deletes."""

    updated: list[str]
    addresses: list[str]
    phones: list[str]
    statuses: list[str]
    inserted: list[Person]
    deleted: list[str]


def plan(live: Sequence[str], first: int, *, transactions: int, size: int, seed: int) -> list[Transaction]:
    """`transactions` of `size` changes over the people whose ids are `live`; new ones are numbered from `first`."""
    chance, known, planned = random.Random(seed), list(live), []
    for _ in range(transactions):
        updates, inserts = size * 7 // 10, size * 2 // 10
        updated = chance.sample(known, updates)
        inserted = [person(first + place, chance) for place in range(inserts)]
        first += inserts
        deleted: list[str] = []
        while len(deleted) < size - updates - inserts:
            place = chance.randrange(len(known))
            if known[place] not in updated:
                deleted.append(known[place])
                known[place] = known[-1]
                known.pop()
        known += [one.so_dinh_danh for one in inserted]
        planned.append(
            Transaction(
                updated,
                [address(chance) for _ in updated],
                [phone(chance) for _ in updated],
                [chance.choice(STATUSES) for _ in updated],
                inserted,
                deleted,
            )
        )
    return planned
