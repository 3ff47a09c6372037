"""What became of a batch, as outcome records: ranges for the ordinary, single rows for the exceptions."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from connectors.delivery.batch import Arrived, Batch, Failure
from schemas.records import Outcome, Result


@dataclass(frozen=True, slots=True)
class Reporter:
    """Who reports: the system, the process by its name, and the catalogue revision that it works by."""

    system: str
    process: str
    revision: int


def outcomes_of(reporter: Reporter, batch: Batch, rejected: Mapping[int, Failure]) -> list[Outcome]:
    """Of a batch that the target has committed. `rejected` by place in its items."""
    done = [record for place, record in enumerate(batch.records) if place not in rejected]
    # The delivered last: where it has been said, all of the batch has been.
    return [
        *(_quarantined(reporter, batch, failure) for failure in (*batch.failures, *rejected.values())),
        *_range(reporter, "filtered", batch, batch.filtered),
        *_range(reporter, "delivered", batch, done),
    ]


def _range(reporter: Reporter, result: Result, batch: Batch, records: Sequence[Arrived]) -> list[Outcome]:
    if not records:
        return []
    outcome = _outcome(reporter, result, batch, records[0])
    outcome["last"] = records[-1].offset
    outcome["count"] = len(records)
    outcome["oldest_source_time"] = min(record.source_time for record in records)
    outcome["newest_source_time"] = max(record.source_time for record in records)
    return [outcome]


def _quarantined(reporter: Reporter, batch: Batch, failure: Failure) -> Outcome:
    outcome = _outcome(reporter, "quarantined", batch, failure.record)
    outcome["reason"] = failure.reason.code
    outcome["event_id"] = failure.record.event_id
    return outcome


def _outcome(reporter: Reporter, result: Result, batch: Batch, record: Arrived) -> Outcome:
    return Outcome(
        result=result,
        system=reporter.system,
        entity=batch.stream.entity,
        topic=batch.stream.topic,
        partition=batch.stream.partition,
        first=record.offset,
        last=record.offset,
        epoch=0,
        count=1,
        reason=None,
        event_id=None,
        oldest_source_time=record.source_time,
        newest_source_time=record.source_time,
        time=time.time_ns() // 1000,
        process=reporter.process,
        field=None,
    )
