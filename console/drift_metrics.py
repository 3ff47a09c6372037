"""Prometheus metrics of reconciliation. Labels name systems and entities, never a record."""

from prometheus_client import Counter, Gauge

DRIFT = Gauge(
    "lienthong_drift_rows",
    "Rows that were not as they should be when the target was last read back, and were not mended then.",
    ["system", "entity", "kind"],
)
RECONCILED = Gauge(
    "lienthong_reconciled_timestamp_seconds", "When the target was last read back to the end.", ["system", "entity"]
)
SECONDS = Gauge("lienthong_reconciliation_seconds", "How long that took.", ["system", "entity"])
MENDED = Counter(
    "lienthong_mended_rows_total", "Rows that were not as they should be and became so.", ["system", "entity"]
)
FAILED = Counter("lienthong_reconciliation_failures_total", "Times that a target could not be read back.", ["system"])
