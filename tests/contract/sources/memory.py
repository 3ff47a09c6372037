"""The suite's system of the source `memory`."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import uuid4

import pytest

from connectors.kit import source_manifest
from connectors.kit.source_system import TABLE
from connectors.sources import memory
from schemas.settings import Settings


@dataclass
class System:
    """See `connectors.kit.SourceSystem`."""

    name: str

    def source(self) -> memory.MemorySource:
        return memory.source(source_manifest({"kind": "memory", "target": self.name}), Settings())

    def put(self, row: int, **values: str | None) -> None:
        memory.system(self.name).put(TABLE, {"id": row, **values})

    def remove(self, row: int) -> None:
        memory.system(self.name).remove(TABLE, row)

    def sever(self) -> None:
        memory.system(self.name).sever()


@contextmanager
def system(_: pytest.FixtureRequest) -> Iterator[System]:
    name = str(uuid4())
    memory.system(name).create(TABLE, {"id": "long", "ma": "string", "ho_ten": "string"}, key="id")
    yield System(name)
