"""The sample as rows of each system's tables, spelled as that system spells it."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import Final, NamedTuple, TypeAlias

from deploy.embedded.people import Birth
from deploy.embedded.sample.businesses import businesses
from deploy.embedded.sample.events import Event, events
from deploy.embedded.sample.old_wards import old_code
from deploy.embedded.sample.residents import Resident, residents

Cells: TypeAlias = tuple[str | int | date | None, ...]

#: By system, the table that is filled first.
FIRST: Final = {"ho_tich": "public.cong_dan", "dan_cu": "public.nhan_khau", "dkkd": "public.chu_so_huu"}
_SEXES: Final = {"male": "1", "female": "2"}
_EVENTS: Final = {"birth": "KS", "death": "KT", "marriage": "KH"}
_STATUSES: Final = {"active": 1, "suspended": 2, "dissolved": 3}


class Filling(NamedTuple):
    """What goes into one table: its columns, and its rows in their order."""

    table: str
    columns: tuple[str, ...]
    rows: Iterable[Cells]


def fillings(system: str, seed: int, count: int) -> list[Filling]:
    """Of all tables of a sample system that are not empty at the start; `count` people stand in civil status."""
    crowd = list(residents(seed, count))
    if system == "dan_cu":
        return _dan_cu(crowd)
    return _ho_tich(seed, crowd) if system == "ho_tich" else _dkkd(seed, crowd)


def _ho_tich(seed: int, crowd: Sequence[Resident]) -> list[Filling]:
    known = [resident for resident in crowd if resident.in_register]
    columns = (
        *("id", "so_dinh_danh", "so_cmnd", "ho_ten", "ngay_sinh", "gioi_tinh", "dan_toc", "que_quan"),
        *("noi_thuong_tru", "ma_xa", "ngay_mat", "ghi_chu"),
    )
    people = (
        (
            *(number, resident.number_in_register, resident.person.old_id, resident.person.full_name),
            *(_as_written(resident.person.birth), _SEXES[resident.person.sex], resident.person.ethnicity),
            *(resident.person.home_place, resident.residence_in_register, resident.ward_in_register),
            *(_day(resident.person.death), resident.person.note),
        )
        for number, resident in enumerate(known, 1)
    )
    entries = map(_entry, events(seed, [resident.person for resident in known]))
    of_entries = (
        *("loai", "so_dang_ky", "ngay_dang_ky", "ma_xa", "cong_dan_id", "so_dinh_danh", "ho_ten", "gioi_tinh"),
        *("ngay_sinh", "ngay_su_kien", "noi_su_kien", "ho_ten_me", "nam_sinh_me", "ho_ten_cha", "nam_sinh_cha"),
    )
    return [Filling("public.cong_dan", columns, people), Filling("public.su_kien", of_entries, entries)]


def _entry(event: Event) -> Cells:
    person, mother, father = event.person, event.mother, event.father
    return (
        *(_EVENTS[event.kind], event.number, event.entered, person.ward, event.row + 1, person.citizen_id),
        *(person.full_name, _SEXES[person.sex], _as_written(person.birth), event.happened, event.place),
        *((mother.full_name, mother.birth.year) if mother else (None, None)),
        *((father.full_name, father.birth.year) if father else (None, None)),
    )


def _dan_cu(crowd: Sequence[Resident]) -> list[Filling]:
    columns = (
        *("so_dinh_danh", "so_cmnd_cu", "ho_va_ten", "ngay_thang_nam_sinh", "gioi_tinh", "dan_toc", "que_quan"),
        *("noi_o_hien_tai", "ma_don_vi_hanh_chinh", "ngay_qua_doi"),
    )
    return [Filling("public.nhan_khau", columns, (_inhabitant(found) for found in crowd if found.in_population))]


def _inhabitant(resident: Resident) -> Cells:
    person = resident.person
    return (
        *(person.citizen_id, person.old_id, resident.name_in_population, _iso(person.birth)),
        *("Nam" if person.sex == "male" else "Nữ", person.ethnicity, person.home_place),
        *(person.residence, person.ward, person.death),
    )


def _dkkd(seed: int, crowd: Sequence[Resident]) -> list[Filling]:
    listed = list(businesses(seed, (resident.person for resident in crowd if resident.in_population)))
    owners: Iterator[Cells] = (
        (number, found.owner.citizen_id, found.owner.full_name, found.owner.residence, found.owner.phone)
        for number, found in enumerate(listed, 1)
    )
    rows: Iterator[Cells] = (
        (
            *(found.code, found.name, "HKD" if found.kind == "household" else "DN", number, found.owner.citizen_id),
            *(found.owner.full_name, found.address, old_code(found.ward, number), _STATUSES[found.status]),
            *(found.lines, found.registered),
        )
        for number, found in enumerate(listed, 1)
    )
    columns = (
        *("ma_so", "ten", "loai_hinh", "chu_so_huu_id", "so_dinh_danh_chu", "ten_chu", "dia_chi", "ma_xa"),
        *("trang_thai", "nganh_nghe", "ngay_dang_ky"),
    )
    return [
        Filling("public.chu_so_huu", ("id", "so_dinh_danh", "ho_ten", "dia_chi", "dien_thoai"), owners),
        Filling("public.doanh_nghiep", columns, rows),
    ]


def _as_written(birth: Birth) -> str:
    if birth.month is None or birth.day is None:
        return str(birth.year)
    return f"{birth.day:02}/{birth.month:02}/{birth.year}"


def _iso(birth: Birth) -> str:
    if birth.month is None or birth.day is None:
        return str(birth.year)
    return f"{birth.year}-{birth.month:02}-{birth.day:02}"


def _day(day: date | None) -> str | None:
    return f"{day:%d/%m/%Y}" if day else None
