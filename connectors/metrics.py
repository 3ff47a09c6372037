"""Prometheus metrics of sources and sinks, all defined here. Labels name systems and entities, never a record."""

from collections.abc import Iterable

from prometheus_client import Counter, Gauge, Histogram

UP = Gauge(
    "lienthong_connector_up",
    "1 while the connector reaches its system, 0 while it tries to, or is paused (lienthong_connector_paused).",
    ["role", "system"],
)
PAUSED = Gauge("lienthong_connector_paused", "1 while somebody has paused it, else 0.", ["role", "system"])
FRESH = Gauge(
    "lienthong_connector_fresh_timestamp_seconds",
    "Up to this time everything has been captured (role source) or delivered (role sink).",
    ["role", "system"],
)
CADENCE = Gauge(
    "lienthong_connector_cadence_seconds", "How far behind the manifest lets the system be.", ["role", "system"]
)
RETRIES = Counter(
    "lienthong_connector_retries_total", "Times that the system, or Kafka, was not available.", ["role", "system"]
)

CAPTURED = Counter("lienthong_captured_total", "Changes put into Kafka, repeats included.", ["system", "entity"])
LAST_EVENT = Gauge(
    "lienthong_source_last_event_timestamp_seconds", "Source time of the newest change captured.", ["system"]
)
CAPTURE_SECONDS = Gauge(
    "lienthong_source_capture_delay_seconds",
    "From the source's commit to the connector, for the newest change; the clocks of both machines count.",
    ["system"],
)
LAG_BYTES = Gauge("lienthong_source_lag_bytes", "WAL written by the source and not yet confirmed.", ["system"])
HELD_BYTES = Gauge("lienthong_source_wal_held_bytes", "WAL that the source keeps for our slot.", ["system"])
SLOTS_GIVEN_UP = Counter(
    "lienthong_source_slots_given_up_total", "Slots given up because too much WAL was kept for them.", ["system"]
)
EPOCH = Gauge("lienthong_source_epoch", "Number of times that positions have started anew.", ["system"])
RESYNC_TABLES = Gauge("lienthong_source_resync_tables", "Tables that are still to be read anew.", ["system"])
RESYNC_ROWS = Gauge(
    "lienthong_source_resync_rows", "Rows read of the table that is being read anew, acknowledged by Kafka.", ["system"]
)
RESYNC_EXPECTED = Gauge(
    "lienthong_source_resync_expected_rows", "Rows of that table, as the database estimates them.", ["system"]
)
UNACKNOWLEDGED = Gauge(
    "lienthong_source_unacknowledged_records", "Records handed to Kafka and not yet acknowledged.", ["system"]
)

DELIVERED = Counter(
    "lienthong_delivered_total", "Deliveries written to the target and committed there.", ["system", "entity"]
)
FILTERED = Counter(
    "lienthong_sink_filtered_total", "Deliveries whose key the target cannot hold: not for it.", ["system", "entity"]
)
LAG = Gauge("lienthong_sink_lag_records", "Offsets in the delivery topic not yet written.", ["system", "entity"])
DELIVERY_SECONDS = Histogram(
    "lienthong_delivery_seconds",
    "End to end, from the commit in system `source` to that in `system`, per delivery; both machines' clocks count.",
    ["source", "system", "entity"],
    buckets=(0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800, 3600, 6 * 3600, 24 * 3600),
)


def begin_source(system: str, entities: Iterable[str]) -> None:
    """Counters at 0 before anything has happened: the first time that something does is an increase, too."""
    RETRIES.labels("source", system)
    SLOTS_GIVEN_UP.labels(system)
    for entity in entities:
        CAPTURED.labels(system, entity)


def begin_sink(system: str, entity: str) -> None:
    """Likewise."""
    RETRIES.labels("sink", system)
    for counter in (DELIVERED, FILTERED):
        counter.labels(system, entity)
