"""The specification itself, on cases small enough to be judged by eye: it would be no proof if it were wrong."""

from typing import Any

from tests.chaos.authority import holdings, truth
from tests.chaos.words import DAN_CU, DKKD, HO_TICH, Edit, Register, Word, words

A, B = "001090000001", "001091000002"
_COLUMNS = {
    "ho_tich": ("id", "so_dinh_danh", "ho_ten", "ngay_sinh", "gioi_tinh", "ngay_mat", "noi_thuong_tru"),
    "dan_cu": ("id", "ma_lien_thong", "so_dinh_danh", "so_dinh_danh_cu", "so_cmnd_cu", "ho_va_ten", "noi_o", "ma_xa"),
    "dkkd": ("id", "so_dinh_danh", "so_cmnd", "ten", "dia_chi", "dien_thoai"),
}


def row(register: Register, name: str, **values: str | None) -> dict[str, str | None]:
    return {**dict.fromkeys(_COLUMNS[register.system]), "id": name, **values}


def written(register: Register, name: str, place: int = 1, /, **values: str | None) -> list[Word]:
    """A row that a person has written whole."""
    image = row(register, name, **values)
    return words(register, [(name, place, image)], [Edit(name, None, image)])


def copied(register: Register, name: str, **values: str | None) -> list[Word]:
    """A row that a delivery has made."""
    return words(register, [(name, 1, row(register, name, **values))], [])


def deleted(register: Register, name: str, **values: str | None) -> list[Word]:
    """A row that a person has deleted."""
    return words(register, [], [Edit(name, row(register, name, **values), None)])


def resident(name: str, number: str, **values: str | None) -> list[Word]:
    return written(DAN_CU, name, ma_lien_thong=f"citizen_id:{number}", so_dinh_danh=number, **values)


def person(*said: list[Word], key: str = f"citizen_id:{A}") -> Any:
    return truth([word for part in said for word in part]).people.get(key)


def test_the_owner_of_a_field_decides_it_and_a_null_of_the_owner_too() -> None:
    told = person(
        resident("1", A, ho_va_ten="An", noi_o="Láng"),
        written(HO_TICH, "1", so_dinh_danh=A, ho_ten="Ân", noi_thuong_tru="Lò Đúc"),
    )
    assert (told["full_name"], told["residence"], told["birth_date"]) == ("Ân", "Láng", None)
    assert person(resident("1", A), written(HO_TICH, "1", so_dinh_danh=A, noi_thuong_tru="x"))["residence"] is None


def test_a_birth_counts_until_population_has_spoken() -> None:
    newborn = written(HO_TICH, "5", ho_ten="Bé")
    copy = {"ma_lien_thong": "ho_tich#5", "ho_va_ten": "Bé"}
    assert person(newborn, copied(DAN_CU, "9", **copy), key="ho_tich#5")["full_name"] == "Bé"
    assert person(copied(DAN_CU, "9", **copy), key="ho_tich#5") is None
    assert person(newborn, deleted(DAN_CU, "9", **copy), key="ho_tich#5") is None
    assert person(written(DKKD, "1", so_dinh_danh=A)) is None


def test_whoever_gives_the_number_says_for_whom() -> None:
    before = row(DAN_CU, "9", ma_lien_thong="ho_tich#5")
    after = {**before, "so_dinh_danh": A, "ma_lien_thong": f"citizen_id:{A}"}
    given = words(DAN_CU, [("9", 1, after)], [Edit("9", before, {**before, "so_dinh_danh": A})])
    known = truth([*given, *written(HO_TICH, "5", ho_ten="Bé")])
    assert known.people[f"citizen_id:{A}"]["full_name"] == "Bé"
    assert known.home["ho_tich", "5"] == f"citizen_id:{A}"
    assert list(known.people) == [f"citizen_id:{A}"]


def test_two_numbers_of_one_person_and_two_persons_of_one_former_number() -> None:
    phone = written(DKKD, "1", so_dinh_danh=A, dien_thoai="0912345678")
    joined = resident("2", B, so_dinh_danh_cu=A)
    assert person(joined, phone, key=f"citizen_id:{B}")["phone"] == "+84912345678"
    assert person(joined, deleted(DAN_CU, "1", so_dinh_danh=A), phone) is None
    both = [*joined, *resident("3", "001092000003", so_dinh_danh_cu=A)]
    assert person(both, phone, key=f"citizen_id:{B}")["phone"] is None


def test_what_a_row_only_shows_it_does_not_say() -> None:
    before = row(DAN_CU, "1", ma_lien_thong=f"citizen_id:{A}", so_dinh_danh=A, ho_va_ten="An")
    shown = words(DAN_CU, [("1", 1, {**before, "ho_va_ten": "Ân"})], [Edit("1", None, before)])
    assert person(shown)["full_name"] is None
    away_and_back = [Edit("1", None, before), Edit("1", {**before, "ho_va_ten": "Ân"}, before)]
    assert person(words(DAN_CU, [("1", 1, before)], away_and_back))["full_name"] == "An"


def test_a_name_that_a_register_has_cut_off_it_only_shows() -> None:
    cut = "Nguyễn Thị Phương Thảo Vy Anh"[:24]
    shown = words(DKKD, [("1", 1, row(DKKD, "1", so_dinh_danh=A, ten=cut))], [])
    copy = row(DAN_CU, "1", so_dinh_danh=A)
    moved = words(DAN_CU, [("1", 1, {**copy, "noi_o": "Láng"})], [Edit("1", copy, {**copy, "noi_o": "Láng"})])
    assert person(moved, shown) == person(moved)
    assert person(moved)["residence"] == "Láng"
    assert person(moved, written(DKKD, "1", 1, so_dinh_danh=A, ten=cut))["full_name"] == cut


def test_of_two_rows_the_later_speaks_but_one_under_the_key_itself_first() -> None:
    first = written(HO_TICH, "1", 1, so_dinh_danh=A, ho_ten="An")
    second = written(HO_TICH, "2", 2, so_dinh_danh=A, ho_ten="Ân")
    assert person(resident("1", A), first, second)["full_name"] == "Ân"
    under = written(HO_TICH, "2", 2, so_dinh_danh=B, ho_ten="Ân")
    assert person(resident("1", A, so_dinh_danh_cu=B), first, under)["full_name"] == "An"


def test_every_subscriber_holds_what_it_may() -> None:
    known = truth([*resident("1", A, ma_xa="00004"), *resident("2", B, ma_xa="00025"), *written(HO_TICH, "1")])
    held = holdings(known)
    assert set(held["dan_cu"]) == set(held["bao_cao"]) == {f"citizen_id:{A}", f"citizen_id:{B}", "ho_tich#1"}
    assert set(held["suc_khoe"]) == {A}
    assert held["ho_tich"] == {"1": {"so_dinh_danh": None, "noi_thuong_tru": None}}
