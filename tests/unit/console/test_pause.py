"""A pause is asked for what a system really does, and nobody waits for who rests."""

import pytest

from console.backlog import Waiting
from console.decisions import actor
from console.errors import ConsoleError
from console.observing import Picture
from console.pause import directions_of
from console.progress import obstacles
from tests.unit.console.city import catalogue, word


def test_only_the_directions_that_a_system_has() -> None:
    assert directions_of(catalogue(), "ho_tich", ["publishing", "receiving"]) == ["publishing"]
    assert directions_of(catalogue(), "dan_cu", ["receiving"]) == ["receiving"]


@pytest.mark.parametrize(
    ("system", "told"), [("dan_cu", "dan_cu has no part in publishing"), ("x", "there are dan_cu, ho_tich")]
)
def test_what_cannot_be_paused_says_why(system: str, told: str) -> None:
    with pytest.raises(ConsoleError, match=told):
        directions_of(catalogue(), system, ["publishing"])


def test_nobody_waits_for_who_is_paused() -> None:
    words = {"source/ho_tich": word("source", "ho_tich", "paused", time=0)}
    words["sink/dan_cu"] = word("sink", "dan_cu", "paused", time=0)
    waiting = {"to.dan_cu.person": Waiting(3, 1)}
    for paused in (Picture(connectors=words), Picture(pauses=dict.fromkeys(words, "lan: vì sao"))):
        paused.waiting, paused.workers = waiting, {"person": 1}
        assert not list(obstacles(catalogue(), paused, now=1e9))


def test_a_decision_has_somebody_and_a_reason() -> None:
    assert actor("lan", " vì sao ") == ("lan", "vì sao")
    assert actor("", "x").by
    with pytest.raises(ConsoleError, match="say why"):
        actor("lan", "  ")
