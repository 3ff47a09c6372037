"""Graves stay as long as anybody is away who is still to hear of a deletion, or may still speak of what was deleted."""

from dataclasses import replace

import pytest
from typer.testing import CliRunner

from console.cli import app
from console.close_graves import SHORTEST_DAYS, absent
from console.freshness import Health, Line
from console.observing import ROLES
from schemas import topics
from tests.unit.console.city import catalogue

_LINE = Line("ho_tich", "source", "streaming", Health.green, 5.0, 10.0, 0, None, 0, 0, "", 0)
EVERYBODY = [_LINE, replace(_LINE, system="dan_cu", role="sink")]


def test_where_everybody_is_here_nothing_waits() -> None:
    assert set(ROLES.values()) == {line.role for line in EVERYBODY}
    assert absent("person", catalogue(), EVERYBODY) == []


@pytest.mark.parametrize("who", [0, 1])
@pytest.mark.parametrize(
    "state",
    [
        {"phase": "absent", "freshness": None},
        {"phase": "retrying"},
        {"phase": "paused"},
        {"phase": "silent"},
        {"freshness": 90_000.0},
        {"freshness": None},
    ],
)
def test_whoever_is_away_keeps_the_graves(who: int, state: dict[str, object]) -> None:
    found = list(EVERYBODY)
    found[who] = replace(found[who], **state)  # type: ignore[arg-type]
    assert absent("person", catalogue(), found) == [f"{found[who].role} {found[who].system}"]


def test_systems_of_other_entities_do_not_matter() -> None:
    other = replace(_LINE, system="bao_cao", role="sink", phase="absent")
    assert absent("person", catalogue(), [*EVERYBODY, other]) == []


def test_no_grave_is_closed_while_a_dead_letter_of_its_row_can_be_retried() -> None:
    assert max(topics.DEAD_LETTER_RETENTION_MS, topics.RAW_RETENTION_MS) < SHORTEST_DAYS * 86_400_000
    told = CliRunner().invoke(app, ["close-graves", "--older-than", str(SHORTEST_DAYS - 1)])
    assert told.exit_code == 2
