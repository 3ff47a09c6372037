"""Every mistake that is planted into the streams is seen, and where none is planted nothing is seen."""

from pathlib import Path

import pytest
from pytest import MonkeyPatch

from tests.chaos.planted import seen_in_memory
from tests.chaos.planted.bugs import IN_MEMORY, ON_SERVERS, ON_WORKERS, Bug


@pytest.mark.parametrize("bug", IN_MEMORY, ids=lambda bug: bug.plant.__name__)
def test_a_planted_mistake_is_seen(bug: Bug, monkeypatch: MonkeyPatch) -> None:
    bug.plant(monkeypatch)
    assert bug.check() is not None, f"nobody has noticed {bug.plant.__name__}"


@pytest.mark.parametrize("check", sorted({bug.check for bug in IN_MEMORY}, key=str), ids=lambda check: check.__name__)
def test_without_a_mistake_nothing_is_seen(check: object, monkeypatch: MonkeyPatch) -> None:
    monkeypatch.setattr(seen_in_memory, "SEEDS", 25)
    assert callable(check)
    assert check() is None


def test_every_planted_mistake_is_listed_for_people() -> None:
    listed = Path("docs/chaos.md").read_text(encoding="utf-8")
    names = [bug.plant.__name__.replace("_", " ") for bug in (*IN_MEMORY, *ON_SERVERS, *ON_WORKERS)]
    assert [name for name in names if f"| {name}" not in listed] == []
    assert len(set(names)) == 20
