"""Systems that speak and listen: nothing comes back as news, no word is taken for an echo, and all fall silent."""

import random
from collections.abc import Callable

import pytest

from streams import ear
from streams.judge_echo import Verdict, judge
from streams.unconfirmed import Awaited, shown
from tests.unit.streams.two_way_city import KEYS, Capture, System, TwoWayCity
from tests.unit.streams.two_way_users import (
    Users,
    assert_everybody_shows_the_same,
    assert_what_authority_demands,
)

ONE = KEYS[0]
#: Of a polled system nobody can tell a delivery that came after an edit from the edit that undoes it: there all must
#: agree in the end, and it is not asked whose word it was.
HOLDS: dict[Capture, Callable[[TwoWayCity], None]] = {
    "marked": assert_what_authority_demands,
    "poll": assert_everybody_shows_the_same,
}


def _short(text: str | None) -> str | None:
    """A form with room for two letters; telephones fit."""
    return text if text is None or text.startswith("+") else text[:2]


def city(capture: Capture, alters: Callable[[str | None], str | None] = lambda text: text) -> TwoWayCity:
    return TwoWayCity({name: System(name, capture, alters if name == "d" else lambda text: text) for name in "ohd"})


def _wrong(
    capture: Capture, seeds: range, *, alters: Callable[[str | None], str | None] = lambda text: text
) -> list[int]:
    """The seeds after which something is not as authority demands, or never ends."""
    wrong = []
    for seed in seeds:
        chance = random.Random(seed)
        made = city(capture, alters)
        Users(made, chance).run(40)
        try:
            made.settle(chance)
            HOLDS[capture](made)
        except AssertionError:
            wrong.append(seed)
    return wrong


@pytest.mark.parametrize("capture", HOLDS)
def test_random_edits_everywhere_end_as_authority_demands_and_then_nothing_moves(capture: Capture) -> None:
    assert _wrong(capture, range(80)) == []


@pytest.mark.parametrize("capture", HOLDS)
def test_a_target_that_shortens_what_it_is_given_starts_no_ping_pong(capture: Capture) -> None:
    assert _wrong(capture, range(80), alters=_short) == []


def _settled(capture: Capture) -> TwoWayCity:
    """One person in `o`, `h` and `d`, of whom nothing is under way."""
    made = city(capture)
    for name in "oh":
        made.systems[name].insert(ONE, {"ten": "A", "noi": "A", "dt": None}, ours=False)
    made.settle(random.Random(1))
    return made


def _name(made: TwoWayCity) -> str | None:
    state = made.state(ONE)
    return state["value"]["full_name"] if state is not None and state["value"] is not None else None


def _rename(made: TwoWayCity, name: str) -> None:
    """The owner of names writes one, and it is routed."""
    made.systems["h"].update("1", {"ten": name}, ours=False)
    made.capture("h")
    while made.work(0):
        pass


@pytest.mark.parametrize("capture", HOLDS)
def test_the_echo_of_the_first_of_two_deliveries_is_no_edit(capture: Capture) -> None:
    made = _settled(capture)
    _rename(made, "B")
    _rename(made, "Cao")
    sent = made.sent()
    made.deliver("o", 1)
    made.capture("o")  # shows B, while Cao is on its way
    while made.work(0):
        pass
    assert (_name(made), made.systems["o"].table["1"]["ten"]) == ("Cao", "B")
    made.settle(random.Random(1))
    assert made.systems["o"].table["1"]["ten"] == made.systems["d"].table["1"]["ten"] == "Cao"
    answers = made.sent() - sent
    assert answers == 0 if capture == "marked" else answers <= 1


def test_what_was_cut_off_is_no_word_also_where_more_is_on_its_way() -> None:
    made = city("poll", _short)
    for name in "oh":
        made.systems[name].insert(ONE, {"ten": "A", "noi": "A", "dt": None}, ours=False)
    made.settle(random.Random(1))
    _rename(made, "Cao")
    _rename(made, "Bao")
    made.deliver("d", 1)
    made.capture("d")  # shows Ca, the beginning of the older one
    made.settle(random.Random(1))
    made.systems["h"].delete("1", ours=False)
    made.settle(random.Random(1))
    assert _name(made) is None, "nobody has said what is left of a name in d"


def test_a_value_set_away_and_back_is_an_edit() -> None:
    """`o` was sent B; its user writes A, and B again: from then on that B is its own word."""
    made = _settled("marked")
    _rename(made, "B")
    made.settle(random.Random(1))
    for text in ("A", "B"):
        made.systems["o"].update("1", {"ten": text}, ours=False)
    made.settle(random.Random(1))
    made.systems["h"].delete("1", ours=False)
    made.settle(random.Random(1))
    assert _name(made) == "B", "the owner of names has gone, and o has said B itself"


def _last_only(now: bytes, word: bytes | None, queue: list[Awaited], *, ours: bool | None, is_said: bool) -> Verdict:
    """Equals the last that was sent."""
    if queue and now == queue[-1].digest:
        return Verdict("shown", [])
    return Verdict("kept", queue) if now == shown(queue, word) else Verdict("said", queue)


def _all_said(now: bytes, word: bytes | None, queue: list[Awaited], *, ours: bool | None, is_said: bool) -> Verdict:
    return Verdict("said", [])


def _never_asked(now: bytes, word: bytes | None, queue: list[Awaited], *, ours: bool | None, is_said: bool) -> Verdict:
    return judge(now, word, queue, ours=ours, is_said=is_said)._replace(doubt=False)


@pytest.mark.parametrize("wrong", [_last_only, _all_said, _never_asked])
def test_a_wrong_implementation_is_found(wrong: Callable[..., Verdict], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ear, "judge", wrong)
    assert any(_wrong(capture, range(start, start + 10)) for start in range(0, 100, 10) for capture in HOLDS)
