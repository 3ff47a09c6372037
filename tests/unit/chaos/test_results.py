"""Totals of campaigns accumulate, whoever ran them."""

import json
from collections import Counter
from pathlib import Path

from tests.chaos.results import Results


def test_runs_add_up(tmp_path: Path) -> None:
    path = tmp_path / "results.json"
    Results(path).campaign(7, faults=Counter(kill=2, cut=1), edits=10, verdict="clean")
    Results(path).campaign(8, faults=Counter(kill=3), edits=5, verdict="1 faults, the first: lost")
    Results(path).planted({"no scope exit": True})
    Results(path).planted({"no scope exit": False, "a dropped delete": True})
    assert json.loads(path.read_text(encoding="utf-8")) == {
        "edits": 15,
        "faults": {"cut": 1, "kill": 5},
        "planted": {"a dropped delete": True, "no scope exit": False},
        "runs": [
            {"edits": 10, "seed": 7, "verdict": "clean"},
            {"edits": 5, "seed": 8, "verdict": "1 faults, the first: lost"},
        ],
    }
