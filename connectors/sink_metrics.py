"""Prometheus metrics of the sinks, all defined here. Labels name systems and entities, never a record."""

from prometheus_client import Counter, Gauge, Histogram

from connectors.metrics import UP

__all__ = ["DELIVERED", "DELIVERY_SECONDS", "LAG", "REJECTED", "RETRIES", "UP"]

DELIVERED = Counter(
    "lienthong_delivered_total", "Deliveries written to the target and committed there.", ["system", "entity"]
)
REJECTED = Counter(
    "lienthong_rejected_total",
    "Deliveries that could not be mapped, or that the target refused for good; they are dead letters.",
    ["system", "entity", "reason"],
)
LAG = Gauge("lienthong_sink_lag_records", "Offsets in the delivery topic not yet written.", ["system", "entity"])
DELIVERY_SECONDS = Histogram(
    "lienthong_delivery_seconds",
    "From the source's commit to the target's, per delivery; the clocks of both machines count.",
    ["system", "entity"],
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800, 3600, 6 * 3600, 24 * 3600),
)
RETRIES = Counter(
    "lienthong_sink_retries_total", "Times that a delivery had to wait for trouble.", ["system", "entity"]
)
