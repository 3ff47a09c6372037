"""Many observations at once."""

from prometheus_client import CollectorRegistry, Histogram, generate_latest

from schemas.metrics import observe_all

_WAITS = [0.0, 0.05, 0.1, 0.100001, 0.7, 1.0, 99.0]


def _told(histogram: Histogram, registry: CollectorRegistry, *, at_once: bool) -> bytes:
    one = histogram.labels("person")
    if at_once:
        observe_all(one, _WAITS)
    else:
        for wait in _WAITS:
            one.observe(wait)
    told = generate_latest(registry)
    return b"\n".join(line for line in told.splitlines() if b"_created" not in line)


def test_it_is_as_if_each_had_been_observed() -> None:
    told = []
    for at_once in (True, False):
        registry = CollectorRegistry()
        histogram = Histogram("waits", "seconds", ["entity"], buckets=(0.1, 0.5, 1), registry=registry)
        told.append(_told(histogram, registry, at_once=at_once))
    assert told[0] == told[1]
    assert b'waits_bucket{entity="person",le="0.1"} 3.0' in told[0]
