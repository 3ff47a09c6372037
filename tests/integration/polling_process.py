"""`python -m tests.integration.polling_process FOLDER`: a source with files for Kafka, to be killed at any moment.

`manifest.json` is what it reads, `memory.json` its memory; events go to `events.jsonl`, and are then confirmed.
"""

import json
import sys
from pathlib import Path

from connectors.kit import KeptMemory
from connectors.sources.sql_poll import source
from schemas.manifest import Manifest
from schemas.records import Phase, Resync
from schemas.settings import Settings


class FileMemory(KeptMemory):
    """Kept whole or not at all."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path
        if path.exists():
            self.last = json.loads(path.read_text())
            self.generation = (self.last or {})["generation"] + 1

    def keep(
        self, *, epoch: int, phase: Phase, detail: str = "", message: str = "", resync: Resync | None = None
    ) -> None:
        """See Memory."""
        super().keep(epoch=epoch, phase=phase, detail=detail, message=message, resync=resync)
        new = self._path.with_suffix(".new")
        new.write_text(json.dumps(self.last))
        new.rename(self._path)


def main(folder: Path) -> None:
    """Until it is killed."""
    manifest = Manifest.model_validate_json((folder / "manifest.json").read_text())
    reading = source(manifest, Settings(data=folder))
    reading.open(FileMemory(folder / "memory.json"))
    with (folder / "events.jsonl").open("a") as kafka:
        kafka.write("\n")  # what a killed one has left half written ends here
        while True:
            found = reading.read(0.05)
            if found is None:
                continue
            for change in found.items:
                kafka.write(json.dumps(change.event) + "\n")
                kafka.flush()
            reading.confirm(found.token)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
