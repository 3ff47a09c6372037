"""Wards before and since 2025-07-01."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.rules import HeldValue, RuleError
from schemas.rules.wards import (
    FORMATS,
    IN_FORCE_SINCE,
    NEW_CODES,
    OLD_CODES,
    Unit,
    _units,
    old_units,
    unit,
    ward_reader,
)

EVERY: list[Unit] = [found for units in _units().values() for found in units]
OLD = old_units()
NEW = {found.code: found for found in EVERY if found.valid_from == IN_FORCE_SINCE}
read_old, read_new = ward_reader(OLD_CODES), ward_reader(NEW_CODES)


def test_the_lists_are_those_of_the_city() -> None:
    assert (len(OLD), len(NEW), len(EVERY)) == (526, 126, 652)
    assert Counter(found.name.partition(" ")[0] for found in NEW.values()) == {"Phường": 51, "Xã": 75}
    assert sum(len(found.became) > 1 for found in OLD) == 199
    assert sum(count > 1 for count in Counter(found.name for found in OLD).values()) == 14
    assert len({(found.name, found.district) for found in OLD}) == 526


def test_every_new_code_had_been_another_units_code() -> None:
    before = {found.code: found.name.partition(" ")[2] for found in OLD}
    assert NEW.keys() <= before.keys()
    assert sum(before[code] != found.name.partition(" ")[2] for code, found in NEW.items()) == 103


def test_every_old_unit_became_something_and_every_new_one_came_from_something() -> None:
    assert all(found.became for found in OLD)
    assert {code for found in OLD for code in found.became} == NEW.keys()
    assert all(len(set(found.became)) == len(found.became) for found in OLD)
    assert not any(found.became or found.district for found in NEW.values())


@given(st.sampled_from(OLD))
def test_an_old_unit_is_converted_if_it_is_whole_and_else_held_with_all_that_it_may_be(old: Unit) -> None:
    if len(old.became) == 1:
        assert read_old(old.code) == old.became[0]
        return
    with pytest.raises(HeldValue) as caught:
        read_old(old.code)
    assert caught.value.code == "ward_split"
    assert caught.value.proposals == old.became
    assert old.code not in str(caught.value)


@given(st.from_regex("[0-9]{5}", fullmatch=True))
def test_a_code_is_only_ever_turned_into_one_that_is_in_force(code: str) -> None:
    try:
        assert read_old(code) in NEW
    except HeldValue as held:
        assert held.code == ("ward_split" if held.proposals else "unknown_ward")
        assert set(held.proposals) <= NEW.keys()
    assert read_new(code) == code


def test_a_number_has_its_zeros_in_both_lists() -> None:
    assert (read_old(1), read_new(1)) == ("00097", "00001")
    for read in (read_old, read_new):
        with pytest.raises(HeldValue) as caught:
            read("1")
        assert (caught.value.code, caught.value.proposals) == ("lost_zero", ("00001",))
        with pytest.raises(RuleError, match="expected 5 digits"):
            read("Hàng Bạc")


@pytest.mark.parametrize(
    ("code", "day", "name"),
    [
        ("00004", "2025-06-30", "Phường Trúc Bạch"),
        ("00004", "2025-07-01", "Phường Ba Đình"),
        ("00004", "2026-11-22", "Phường Ba Đình"),
        ("00001", "2025-06-30", "Phường Phúc Xá"),
        ("00001", "2025-07-01", None),
        ("99999", "2025-07-01", None),
    ],
)
def test_a_code_means_a_unit_on_a_day(code: str, day: str, name: str | None) -> None:
    found = unit(code, day)
    assert (found and found.name) == name


def test_an_unknown_list_is_a_fault_of_the_manifest() -> None:
    with pytest.raises(ValueError, match="unknown list of wards 'x'; known are before_2025-07-01, since_2025-07-01"):
        ward_reader("x")
    assert {OLD_CODES, NEW_CODES} == FORMATS
