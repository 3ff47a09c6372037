"""Dead letters are grouped by cause and shape, and found by what people can type."""

from typing import Any

import pytest

from console.errors import ConsoleError
from console.mending.letters import Case, find_case, find_group, group_id, grouped
from console.mending.standing import Standing
from tests.unit.console.city import dead_letter


def cases(*names: str, standing: Standing = Standing.open, **more: Any) -> list[Case]:
    return [Case(dead_letter(name, **more), standing=standing) for name in names]


def test_the_group_with_most_open_ones_comes_first_and_shows_its_newest() -> None:
    closed = cases("a", "b", "c", reason="unknown_code", standing=Standing.discarded)
    first, second = grouped([*closed, *cases("d", time=1), *cases("e", time=3)])
    assert (first.count(Standing.open), first.newest["id"]) == (2, "e")
    assert (second.count(Standing.open), second.count(Standing.discarded)) == (0, 3)


def test_another_field_or_shape_is_another_cause_but_a_number_of_bytes_is_not() -> None:
    assert len(grouped([*cases("a"), *cases("b", field="death_date")])) == 2
    assert len(grouped([*cases("a", message="11 digits"), *cases("b", message="13 digits")])) == 2
    large: dict[str, Any] = {"stage": "source", "reason": "too_large"}
    assert len(grouped([*cases("a", message="7 bytes", **large), *cases("b", message="8 bytes", **large)])) == 1


def test_a_letter_is_found_by_the_beginning_of_its_id() -> None:
    found = cases("abc1", "abd2")
    assert find_case(found, "abd").letter["id"] == "abd2"
    for wanted, told in (("ab", "2 begin like this"), ("x", "there is none"), ("", "there is none")):
        with pytest.raises(ConsoleError, match=told):
            find_case(found, wanted)


def test_a_group_is_found_by_its_id_which_stays() -> None:
    found = cases("a", "b")
    assert len(find_group(found, group_id(dead_letter("z"))).cases) == 2
    with pytest.raises(ConsoleError, match="there is none"):
        find_group(found, "000000")
