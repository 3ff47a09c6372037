"""The suite's target of the sink `memory`."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import uuid4

import pytest

from connectors.kit import sink_manifest
from connectors.kit.sink_target import KEY, NAME_LIMIT, TABLE
from connectors.sinks import memory
from schemas.records import Row
from schemas.settings import Settings


@dataclass
class Target:
    """See `connectors.kit.SinkTarget`."""

    name: str

    def sink(self) -> memory.MemorySink:
        return memory.sink(sink_manifest({"kind": "memory", "target": self.name}), Settings())

    def rows(self) -> dict[str, Row]:
        return {row[KEY]: row for row in memory.target(self.name).tables.get(TABLE, {}).values()}

    def changes(self) -> int:
        return len(memory.target(self.name).history)

    def sever(self) -> None:
        memory.target(self.name).sever()


@contextmanager
def target(_: pytest.FixtureRequest) -> Iterator[Target]:
    name = str(uuid4())
    memory.target(name).limits["ho_ten"] = NAME_LIMIT
    yield Target(name)
