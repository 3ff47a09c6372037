"""Reads a source as `run_source` does."""

import time
from collections.abc import Callable

from connectors.contract import Source
from connectors.errors import SourceUnavailable
from connectors.kit.source_system import KeptMemory
from connectors.values import Changes
from schemas.identity import event_id
from schemas.records import ChangeEvent

_SECONDS = 30.0


class Tap:
    """One start of a source. `events` holds all that it gave since, in order."""

    def __init__(self, source: Source, memory: KeptMemory) -> None:
        self.source = source
        self.memory = memory
        self.events: list[ChangeEvent] = []
        self._token: object = None
        self.open()

    def open(self) -> None:
        """Open the source; what passes is tried again, as the loop does."""
        self._token = None
        until = time.monotonic() + _SECONDS
        while True:
            try:
                return self.source.open(self.memory)
            except SourceUnavailable:
                if time.monotonic() > until:
                    raise

    def read(self) -> Changes | None:
        """One read."""
        changes = self.source.read(0.2)
        if changes is not None:
            self.events += [change.event for change in changes.items]
            self._token = changes.token
        return changes

    def read_until(self, done: Callable[[list[ChangeEvent]], bool]) -> list[ChangeEvent]:
        """Read until `done(events)`; the events so far. Fails when that takes too long."""
        until = time.monotonic() + _SECONDS
        while not done(self.events):
            if time.monotonic() > until:
                got = [(event["operation"], event["row"]) for event in self.events]
                raise AssertionError(f"waited {_SECONDS:.0f} s for more events; got {got}")
            self.read()
        return self.events

    def read_rows(self, *rows: str) -> list[ChangeEvent]:
        """Read until each of these rows has been streamed, as often as it is named; those events in order."""

        def streamed() -> list[ChangeEvent]:
            kinds = ("create", "update", "delete")
            return [event for event in self.events if event["operation"] in kinds]

        self.read_until(lambda _: len(streamed()) >= len(rows))
        found = streamed()
        if [event["row"] for event in found] != list(rows):
            raise AssertionError(f"expected rows {list(rows)}, got {[event['row'] for event in found]}")
        return found

    def read_snapshot(self) -> list[ChangeEvent]:
        """Read until the end of the snapshot; its events, markers included."""
        return self.read_until(lambda events: any(event["operation"] == "snapshot_end" for event in events))

    def confirm(self) -> None:
        """Everything read so far is safe."""
        if self._token is not None:
            self.source.confirm(self._token)


def ids(events: list[ChangeEvent]) -> list[str]:
    """The event ids."""
    return [event_id(event) for event in events]


def position(event: ChangeEvent) -> tuple[int, int, int]:
    """What orders the events of one row."""
    return event["epoch"], event["commit"], event["ordinal"]
