"""Files: what their reader knows who has read them in their order."""

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from schemas.manifest import Subscription
from schemas.records import Row


def eye(system: str, connect: dict[str, Any], subscription: Subscription) -> "CsvEye":
    """Opened."""
    return CsvEye(Path(connect["folder"]), subscription.into, subscription.key.column)


class CsvEye:
    """See `console.demo_eyes.Eye`."""

    def __init__(self, folder: Path, name: str, key: str) -> None:
        self._folder, self._name, self._key = folder, name, key

    def row(self, where: Row, names: list[str]) -> Row | None:
        """See Eye. An empty cell is None."""
        found: dict[str, Row] = {}
        for line in self._lines():
            if line.get("operation") in ("delete", "rename"):
                found.pop(line[self._key], None)
            elif all(line.get(name) == str(value) for name, value in where.items()):
                found[line[self._key]] = line
        for line in found.values():
            return {name: line.get(name) or None for name in names}
        return None

    def values(self, column: str, limit: int) -> list[str] | None:
        """See Eye."""
        found = [line[column] for line in self._lines() if line.get(column)]
        return found if len(found) <= limit else None

    def close(self) -> None:
        """See Eye."""

    def _lines(self) -> Iterator[Row]:
        for path in sorted(self._folder.glob(f"{self._name}*.csv")):
            with path.open(encoding="utf-8-sig", newline="") as file:
                yield from csv.DictReader(file)
