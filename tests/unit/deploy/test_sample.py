"""The sample: who stands where, the same at each start, in each system's own terms and joined by the citizen id."""

from datetime import date
from typing import Any

import pytest

from deploy.embedded.sample.residents import residents
from deploy.embedded.sample.rows import FIRST, fillings
from schemas.rules import HeldValue
from schemas.rules.identifiers import tax_code
from schemas.rules.wards import OLD_CODES, ward_reader

COUNT = 3000


def _tables(system: str, count: int = COUNT) -> dict[str, list[dict[str, Any]]]:
    return {
        filling.table: [dict(zip(filling.columns, row, strict=True)) for row in filling.rows]
        for filling in fillings(system, 7, count)
    }


@pytest.fixture(scope="module")
def tables() -> dict[str, list[dict[str, Any]]]:
    """Of all systems, by name."""
    return {table: rows for system in FIRST for table, rows in _tables(system).items()}


@pytest.mark.parametrize("system", FIRST)
def test_the_same_seed_makes_the_same_rows(system: str) -> None:
    assert _tables(system, 100) == _tables(system, 100)
    assert next(iter(_tables(system, 100))) == FIRST[system]


def test_more_people_come_after_the_same_ones() -> None:
    few = list(residents(7, 100))
    assert list(residents(7, 200))[: len(few)] == few


def test_most_stand_in_both_databases_and_some_in_one(tables: dict[str, list[dict[str, Any]]]) -> None:
    register, population = tables["public.cong_dan"], tables["public.nhan_khau"]
    assert len(register) == COUNT
    numbers = {row["so_dinh_danh"] for row in register if row["so_dinh_danh"]}
    counted = {row["so_dinh_danh"] for row in population}
    assert len(counted) == len(population)
    assert 0.9 < len(numbers & counted) / COUNT < 1
    assert numbers - counted
    old = {row["so_cmnd"] for row in register if row["so_cmnd"] and not row["so_dinh_danh"]}
    assert old
    assert old <= {row["so_cmnd_cu"] for row in population}
    newborns = [row for row in register if not row["so_dinh_danh"] and not row["so_cmnd"]]
    assert newborns
    assert not any(row["ngay_mat"] for row in newborns)


def test_businesses_are_of_people_that_are_counted(tables: dict[str, list[dict[str, Any]]]) -> None:
    owners, businesses = tables["public.chu_so_huu"], tables["public.doanh_nghiep"]
    counted = {row["so_dinh_danh"] for row in tables["public.nhan_khau"]}
    assert {row["so_dinh_danh"] for row in owners} <= counted
    assert {row["chu_so_huu_id"] for row in businesses} == {row["id"] for row in owners}
    assert len({row["ma_so"] for row in businesses}) == len(businesses)
    for row in businesses:
        assert tax_code(row["ma_so"]) == row["ma_so"]
        assert (row["ma_so"] == row["so_dinh_danh_chu"]) == (row["loai_hinh"] == "HKD")


def test_businesses_stand_in_old_wards_of_which_most_are_one_new_ward(tables: dict[str, list[dict[str, Any]]]) -> None:
    read, held = ward_reader(OLD_CODES), 0
    for row in tables["public.doanh_nghiep"]:
        try:
            read(row["ma_xa"])
        except HeldValue as split:
            assert split.code == "ward_split"
            held += 1
    assert 0 < held < len(tables["public.doanh_nghiep"]) / 2


def test_events_are_of_their_people(tables: dict[str, list[dict[str, Any]]]) -> None:
    people = {row["id"]: row for row in tables["public.cong_dan"]}
    events = tables["public.su_kien"]
    assert {row["loai"] for row in events} == {"KS", "KT", "KH"}
    assert len({(row["ma_xa"], row["loai"], row["so_dang_ky"]) for row in events}) == len(events)
    for row in events:
        person = people[row["cong_dan_id"]]
        assert (row["ho_ten"], row["ngay_sinh"]) == (person["ho_ten"], person["ngay_sinh"])
        assert row["ngay_su_kien"] <= row["ngay_dang_ky"]
        happened = {"KS": person["ngay_sinh"], "KT": person["ngay_mat"]}.get(row["loai"])
        assert happened is None or happened == f"{row['ngay_su_kien']:%d/%m/%Y}"
    unnumbered = [row for row in events if row["so_dinh_danh"] is None]
    assert {row["loai"] for row in unnumbered} == {"KS"}
    assert all(isinstance(row["ngay_dang_ky"], date) for row in events)
