"""Prometheus metrics of the store, all defined here. Labels name systems and entities, never a record."""

from prometheus_client import Counter, Gauge

IMBALANCE = Gauge(
    "lienthong_imbalance",
    "Records that are due and have neither met an end nor wait: by publisher (subscriber empty) what workers read, by "
    "subscriber (system empty) what sinks deliver; forwards between keys with both empty. Anything but 0 is a loss, or "
    "a record that counts twice.",
    ["system", "entity", "subscriber"],
)
IN_FLIGHT = Gauge(
    "lienthong_in_flight_records",
    "Records that stand in Kafka and have not met an end yet; labelled likewise.",
    ["system", "entity", "subscriber"],
)
KEPT = Counter("lienthong_store_records_total", "Outcomes and dead letters read from Kafka into the store.")
UNREADABLE = Counter("lienthong_store_unreadable_total", "Records that could not be read, and are left out.", ["topic"])
RETRIES = Counter("lienthong_store_retries_total", "Times that Kafka, the registry or the store did not answer.")
UP = Gauge("lienthong_store_up", "1 while the store is fed, 0 while it cannot be.")
REMOVED = Counter("lienthong_store_removed_total", "Rows removed because they were older than is kept.", ["table"])
