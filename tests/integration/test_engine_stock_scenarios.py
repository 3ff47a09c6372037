"""What stock Faust loses records by (figures: ``tests/chaos/stock_faust``), done to our engine: it loses none."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.chaos.stock_faust.scenarios import SCENARIOS, verdict
from tests.integration.engine_harness import Site


@pytest.fixture
def site(kafka: str, tmp_path: Path) -> Iterator[Site]:
    made = Site(kafka, tmp_path)
    yield made
    made.close()


#: Several of them are the same for ours, for it has no such switches: each is played once.
_DIFFERENT = {(scenario.play, *scenario.ours.items()): name for name, scenario in SCENARIOS.items()}


@pytest.mark.parametrize("name", _DIFFERENT.values())
def test_nothing_is_lost_or_repeated(site: Site, name: str) -> None:
    scenario = SCENARIOS[name]
    scenario.play(site, scenario.ours)
    found = verdict(site, changelog=site.changelog())
    assert found.is_clean, str(found)
