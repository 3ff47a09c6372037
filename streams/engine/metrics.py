"""Prometheus metrics of the engine, all defined here. Labels name groups, topics and partitions, never records."""

from prometheus_client import Counter, Gauge, Histogram

_GROUP = ["group"]

ROUNDS = Counter("lienthong_engine_rounds_total", "Transactions, by result: committed or aborted.", [*_GROUP, "result"])
ROUND_SECONDS = Histogram(
    "lienthong_engine_round_seconds",
    "From the begin of a round's transaction to the state being applied.",
    _GROUP,
    buckets=(0.002, 0.004, 0.008, 0.015, 0.03, 0.06, 0.12, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)
ROUND_BATCHES = Counter("lienthong_engine_round_batches_total", "Batches in committed rounds.", _GROUP)
PRODUCERS_RENEWED = Counter(
    "lienthong_engine_producers_renewed_total", "Producers made anew because a connection broke.", _GROUP
)
RECORDS = Counter("lienthong_engine_records_total", "Source records whose offset is committed.", _GROUP)
OUTPUTS = Counter("lienthong_engine_outputs_total", "Records sent by batches in committed rounds.", _GROUP)
BATCHES_RETRIED = Counter(
    "lienthong_engine_batches_retried_total", "Batches handed out again, by reason.", [*_GROUP, "reason"]
)
POISON = Counter("lienthong_engine_poison_records_total", "Records given to on_poison.", _GROUP)
REBALANCES = Counter("lienthong_engine_rebalances_total", "Changes of the assignment, by event.", [*_GROUP, "event"])
PARTITIONS = Gauge("lienthong_engine_partitions", "Partitions that are owned and ready.", _GROUP)
LAG = Gauge(
    "lienthong_engine_lag_records", "Offsets between the end and what is committed.", [*_GROUP, "topic", "partition"]
)
RESTORED = Counter("lienthong_engine_restored_records_total", "Changelog records applied by recovery.", _GROUP)
RESTORE_SECONDS = Gauge("lienthong_engine_restore_seconds", "How long the last recovery took.", _GROUP)
RESTORE_REMAINING = Gauge(
    "lienthong_engine_restore_remaining_records", "Changelog offsets that recovery has yet to read.", _GROUP
)
STATE_REBUILT = Counter(
    "lienthong_engine_state_rebuilt_total", "States built anew because their checkpoint was of no use.", _GROUP
)
STABLE_STANDING = Gauge(
    "lienthong_engine_stable_offset_standing_seconds",
    "How long the last stable offset has stood before the end, by an open transaction; readers wait behind it.",
    [*_GROUP, "topic", "partition"],
)
EXPIRED = Counter(
    "lienthong_engine_expired_records_total", "Source offsets that retention removed before they were read.", ["topic"]
)


def begin(group: str) -> None:
    """Counters at 0 before anything has happened: the first time that something does is an increase, too."""
    for counter in (ROUND_BATCHES, PRODUCERS_RENEWED, RECORDS, OUTPUTS, POISON, RESTORED, STATE_REBUILT):
        counter.labels(group)
    for result in ("committed", "aborted"):
        ROUNDS.labels(group, result)
