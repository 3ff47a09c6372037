"""What all campaigns have done and found, in a file of the repository that only they write."""

import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any


class Results:
    """Totals over all runs. Nothing of the machine is in it: it is read by others."""

    def __init__(self, path: Path) -> None:
        """`path`: read now, where it is there."""
        self._path = path
        self.totals: dict[str, Any] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}

    def planted(self, found: Mapping[str, bool]) -> None:
        """By planted mistake, whether it was noticed the last time."""
        known: dict[str, bool] = self.totals.setdefault("planted", {})
        known |= found
        self._write()

    def campaign(self, seed: int, *, faults: Counter[str], edits: int, verdict: str) -> None:
        """One run has ended, or has come to a checkpoint at which everything was looked at. `verdict`: see Verdict."""
        totals = self.totals.setdefault("faults", {})
        for name, count in faults.items():
            totals[name] = totals.get(name, 0) + count
        self.totals["edits"] = self.totals.get("edits", 0) + edits
        self.totals.setdefault("runs", []).append({"seed": seed, "edits": edits, "verdict": verdict})
        self._write()

    def _write(self) -> None:
        whole = json.dumps(self.totals, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
        passing = self._path.with_suffix(".new")
        passing.write_text(whole, encoding="utf-8")
        passing.replace(self._path)
