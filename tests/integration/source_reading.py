"""One start of a source under test, read as `run_source` reads it."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from connectors.contract import Source
from connectors.errors import SourceUnavailable
from connectors.kit import KeptMemory
from connectors.values import Change, Changes
from schemas.records import ChangeEvent

_SECONDS = 30.0
SourceT = TypeVar("SourceT", bound=Source)
ReadingT = TypeVar("ReadingT", bound="SourceReading[Any]")


@dataclass
class SourceReading(Generic[SourceT]):
    """A test's view of a source. Whoever makes one says when its snapshot is complete."""

    source: SourceT
    memory: KeptMemory
    changes: list[Change] = field(default_factory=list)
    token: Any = None

    def is_complete(self) -> bool:
        """Whether everything of the snapshot has been read, and can be confirmed."""
        raise NotImplementedError

    def open(self: ReadingT) -> ReadingT:
        """Open, trying again what passes."""
        until = time.monotonic() + _SECONDS
        while True:
            try:
                self.source.open(self.memory)
            except SourceUnavailable:
                if time.monotonic() > until:
                    raise
                time.sleep(0.05)
            else:
                return self

    @property
    def events(self) -> list[ChangeEvent]:
        """All events so far."""
        return [change.event for change in self.changes]

    @property
    def streamed(self) -> list[ChangeEvent]:
        """Those after the snapshot."""
        return [event for event in self.events if event["transaction"] is not None]

    def step(self, timeout: float = 0.05) -> Changes | None:
        """One read."""
        found = self.source.read(timeout)
        if found is not None:
            self.changes += found.items
            self.token = found.token
        return found

    def until(self: ReadingT, done: Callable[[], Any]) -> ReadingT:
        """Read until `done()`. Fails when that takes too long."""
        deadline = time.monotonic() + _SECONDS
        while not done():
            if time.monotonic() > deadline:
                got = [(event["operation"], event["row"]) for event in self.events]
                raise AssertionError(f"waited {_SECONDS:.0f} s; got {got}")
            self.step()
        return self

    def snapshot(self: ReadingT) -> ReadingT:
        """Read the whole snapshot and confirm it."""
        self.until(self.is_complete)
        self.confirm()
        return self

    def stream(self, count: int) -> list[ChangeEvent]:
        """Read until there are `count` streamed events; these."""
        self.until(lambda: len(self.streamed) >= count)
        assert len(self.streamed) == count, [(e["operation"], e["row"]) for e in self.streamed]
        return self.streamed

    def confirm(self) -> None:
        """Everything read so far is safe."""
        self.source.confirm(self.token)
