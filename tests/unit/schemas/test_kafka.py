"""Settings that every client shares: nobody makes a transactional producer with settings of his own."""

from pathlib import Path

from schemas.kafka import transactional_settings

PROJECT = Path(__file__).resolve().parents[3]
#: The engine knows nothing of the rest, and leaves calls behind that do not return.
_PLACES = {Path("schemas/kafka.py"), Path("streams/engine/settings.py")}


def test_a_transactional_producer_lets_idle_connections_close() -> None:
    """Without that, librdkafka can wait for a coordinator that is no more."""
    made = transactional_settings("kafka:9092", "lienthong.x", seconds=10, **{"delivery.timeout.ms": 5_000})
    assert made["connections.max.idle.ms"] == 30_000
    assert (made["transactional.id"], made["transaction.timeout.ms"]) == ("lienthong.x", 10_000)
    assert (made["delivery.timeout.ms"], made["acks"]) == (5_000, "all")


def test_transactional_ids_are_given_in_one_place() -> None:
    found = {
        path.relative_to(PROJECT)
        for package in ("schemas", "connectors", "streams", "console")
        for path in (PROJECT / package).rglob("*.py")
        if '"transactional.id"' in path.read_text(encoding="utf-8")
    }
    assert found == _PLACES
