"""Prometheus metrics of the sources, all defined here. Labels name systems and entities, never a record."""

from prometheus_client import Counter, Gauge

CAPTURED = Counter("lienthong_captured_total", "Changes put into Kafka, repeats included.", ["system", "entity"])
QUARANTINED = Counter(
    "lienthong_source_quarantined_total",
    "Changes that could not be put into Kafka and became dead letters.",
    ["system", "entity", "reason"],
)
LAST_EVENT = Gauge(
    "lienthong_source_last_event_timestamp_seconds",
    "Source time of the newest change captured.",
    ["system"],
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
RETRIES = Counter("lienthong_source_retries_total", "Times that the source was not available.", ["system"])
UP = Gauge("lienthong_connector_up", "1 while the connector reads its system, 0 while it tries to.", ["role", "system"])
