"""What became of a batch's records: counted per result and system, over the offsets that the batch covers."""

import time
from dataclasses import dataclass, field

from schemas.records import HeldField, Outcome, Result, Stage
from streams.errors import Unprocessable


@dataclass(slots=True)
class _Count:
    first: int
    last: int
    count: int
    oldest: int
    newest: int


@dataclass(slots=True)
class Tally:
    """Of one batch: `add` each record, then ask for `outcomes` once."""

    entity: str
    topic: str
    partition: int
    process: str
    #: (system, stage, reason) of each dead letter.
    buried: list[tuple[str, Stage, str]] = field(default_factory=list)
    #: (system, field, reason) of each field that waits for a person.
    held_fields: list[tuple[str, str, str]] = field(default_factory=list)
    #: Source times of the records that led to a delivery, in microseconds since 1970.
    routed_times: list[int] = field(default_factory=list)
    _counts: dict[tuple[Result, str], _Count] = field(default_factory=dict)
    _singles: list[Outcome] = field(default_factory=list)

    def add(self, results: list[tuple[Result, str]], offset: int, source_time: int) -> None:
        """What one record has led to, each result with the system concerned. Offsets never fall within a batch."""
        routed = False
        for key in results:
            routed = routed or key[0] == "routed"
            counted = self._counts.get(key)
            if counted is None:
                self._counts[key] = _Count(offset, offset, 1, source_time, source_time)
                continue
            counted.last = offset
            counted.count += 1
            if source_time < counted.oldest:
                counted.oldest = source_time
            elif source_time > counted.newest:
                counted.newest = source_time
        if routed:
            self.routed_times.append(source_time)

    def quarantined(self, system: str, offset: int, source_time: int, *, event_id: str, failure: Unprocessable) -> None:
        """A single row: the exception that somebody will look for."""
        single = self._outcome("quarantined", system, _Count(offset, offset, 1, source_time, source_time))
        self._singles.append({**single, "event_id": event_id, "reason": failure.reason.code})
        self.buried.append((system, failure.stage, failure.reason.code))

    def held(self, system: str, offset: int, source_time: int, *, event_id: str, held: HeldField) -> None:
        """A field that waits for a person, in a record that flows on without it. It never tells the value."""
        single = self._outcome("held", system, _Count(offset, offset, 1, source_time, source_time))
        self._singles.append({**single, "event_id": event_id, "reason": held["reason"], "field": held["field"]})
        self.held_fields.append((system, held["field"], held["reason"]))

    def totals(self) -> dict[tuple[Result, str], int]:
        """(result, system) -> records."""
        totals = {key: counted.count for key, counted in self._counts.items()}
        for system, _, _ in self.buried:
            totals["quarantined", system] = totals.get(("quarantined", system), 0) + 1
        return totals

    def outcomes(self) -> list[Outcome]:
        """One record a result and system, and one a quarantined row or held field."""
        counted = [self._outcome(result, system, count) for (result, system), count in self._counts.items()]
        return [*counted, *self._singles]

    def _outcome(self, result: Result, system: str, counted: _Count) -> Outcome:
        return {
            "result": result,
            "system": system,
            "entity": self.entity,
            "topic": self.topic,
            "partition": self.partition,
            "first": counted.first,
            "last": counted.last,
            "epoch": 0,
            "count": counted.count,
            "reason": None,
            "event_id": None,
            "oldest_source_time": counted.oldest,
            "newest_source_time": counted.newest,
            "time": time.time_ns() // 1000,
            "process": self.process,
            "field": None,
        }
