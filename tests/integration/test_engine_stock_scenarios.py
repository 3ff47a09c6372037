"""What stock Faust loses records by (figures: ``tests/chaos/stock_faust``), done to our engine: it loses none."""

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.chaos.stock_faust.scenarios import SCENARIOS, Scenario, verdict
from tests.integration.engine_harness import Site


@pytest.fixture
def site(kafka: str, tmp_path: Path) -> Iterator[Site]:
    # Whoever was killed is waited for until its session is over.
    made = Site(kafka, tmp_path, environment={"ENGINE_SESSION_MS": "2000"})
    yield made
    made.close()


def _alike() -> dict[str, Scenario]:
    """By the names of all that are the same for ours, which has no such switches: each is played once."""
    names: dict[object, list[str]] = defaultdict(list)
    for name, scenario in SCENARIOS.items():
        names[scenario.play, *scenario.ours.items()].append(name)
    return {" = ".join(found): SCENARIOS[found[0]] for found in names.values()}


_PLAYED = _alike()


@pytest.mark.parametrize("scenario", _PLAYED.values(), ids=list(_PLAYED))
def test_nothing_is_lost_or_repeated(site: Site, scenario: Scenario) -> None:
    scenario.play(site, scenario.ours)
    found = verdict(site, changelog=site.changelog())
    assert found.is_clean, str(found)
