"""The campaign of ``make chaos-engine`` in short: every fault once, three at once, in an order of chance."""

import os
import random
from pathlib import Path

import pytest

from tests.chaos.engine_campaign import campaign
from tests.chaos.engine_faults import FAULTS


@pytest.mark.slow
@pytest.mark.timeout(1_200)
def test_every_fault_comes_and_every_record_counts_once(tmp_path: Path) -> None:
    seed = int(os.environ.get("LIENTHONG_CHAOS_SEED", random.SystemRandom().randrange(1_000_000)))
    print(f"LIENTHONG_CHAOS_SEED={seed}")
    verdict = campaign(tmp_path, seed=seed, faults=sorted(FAULTS), decks=1, at_once=(3,))
    assert verdict.is_clean, f"seed {seed}: {verdict}"
