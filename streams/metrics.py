"""Prometheus metrics of the workers, all defined here. Labels name systems and entities, never a record."""

import time

from prometheus_client import Counter, Histogram

from schemas.metrics import DEAD_LETTERS, observe_all
from streams.outcomes import Tally

EVENTS = Counter(
    "lienthong_events_total",
    "What became of records: superseded and quarantined by source system, the others by subscriber.",
    ["system", "entity", "result"],
)
HELD_FIELDS = Counter(
    "lienthong_held_fields_total",
    "Fields that wait for a person, in records that flow on without them, by source system.",
    ["system", "entity", "field", "reason"],
)
ROUTED = Counter("lienthong_routed_total", "Deliveries sent to a subscriber's topic.", ["system", "entity"])
SOURCE_TO_ROUTED = Histogram(
    "lienthong_source_to_routed_seconds",
    "From the change, by its source's clock, to the commit of its deliveries.",
    ["entity"],
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 3600),
)


def count(tally: Tally) -> None:
    """A batch is over. Called once a batch that was not interrupted; the exact figures are in the topic `outcomes`."""
    entity = tally.entity
    for (result, system), records in tally.totals().items():
        EVENTS.labels(system, entity, result).inc(records)
        if result == "routed":
            ROUTED.labels(system, entity).inc(records)
    for system, stage, reason in tally.buried:
        DEAD_LETTERS.labels(system, entity, stage, reason).inc()
    for system, field, reason in tally.held_fields:
        HELD_FIELDS.labels(system, entity, field, reason).inc()
    if tally.routed_times:
        now = time.time()
        waits = [max(0.0, now - source_time / 1_000_000) for source_time in tally.routed_times]
        observe_all(SOURCE_TO_ROUTED.labels(entity), waits)
