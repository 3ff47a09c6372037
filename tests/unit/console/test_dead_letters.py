"""What somebody types to mend dead letters is understood, or told what is missing."""

from typing import Any

import pytest

from console import dead_letters
from console.dead_letters import _chosen, _told, _typed_in
from console.decisions import Actor
from console.errors import ConsoleError
from console.mending.event import Captured
from console.mending.letters import Case, group_id
from console.mending.standing import Standing
from tests.unit.console.city import dead_letter

CASES = [
    Case(dead_letter("a", time=1)),
    Case(dead_letter("b", time=2), standing=Standing.discarded),
    Case(dead_letter("c", time=3)),
]


def test_columns_are_set_and_emptied() -> None:
    assert _told(["ho_ten=Lê = Lý", "so="], ["ghi_chu"]) == {"ghi_chu": None, "ho_ten": "Lê = Lý", "so": ""}
    with pytest.raises(ConsoleError, match="--set column=value"):
        _told(["ho_ten"], [])


def test_one_letter_or_the_open_ones_of_a_group_oldest_first() -> None:
    assert [case.letter["id"] for case in _chosen(CASES, "b", "")] == ["b"]
    assert [case.letter["id"] for case in _chosen(CASES, "", group_id(CASES[0].letter))] == ["a", "c"]
    for letter, group in (("", ""), ("a", "x")):
        with pytest.raises(ConsoleError, match="by its id, or a group"):
            _chosen(CASES, letter, group)


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ('{"ten": "Bình", "tuoi": 7, "ghi_chu": null}', {"ten": "Bình", "ghi_chu": None}),
        ('{"tuoi": 8}', {"tuoi": "8"}),
        ("{", "nothing was done"),
        (None, "nothing was changed"),
    ],
)
def test_what_is_changed_in_an_editor_counts_and_that_it_was_seen_is_kept(
    typed: str | None, told: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []
    monkeypatch.setattr(dead_letters, "open_editor", lambda *_, **__: typed)
    monkeypatch.setattr(dead_letters, "_note_reveal", lambda _, case, who: seen.append(f"{case.letter['id']} {who.by}"))
    event: Any = {"after": {"ten": "An", "tuoi": 7, "ghi_chu": "x"}}
    arguments: Any = (None, CASES[0], Captured(1, {}, event), Actor("lan", "vì sao"))
    if isinstance(told, str):
        with pytest.raises(ConsoleError, match=told):
            _typed_in(*arguments)
    else:
        assert _typed_in(*arguments) == told
    assert seen == ["a lan"]
