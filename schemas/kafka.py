"""Kafka client settings that every process must share. Plain values: no connection is made here."""

from typing import Any
from uuid import uuid4

from schemas.kafka_security import kafka_clients
from schemas.settings import Settings

#: Records larger than this are refused before they are sent; the broker's `message.max.bytes`.
MAX_RECORD_BYTES = 1_000_000


#: Groups of those who read by assignment, whom nobody joins: librdkafka wants a name, and asks who coordinates it.
READERS = "lienthong.reader."


def reader_group(what: str) -> str:
    """The name of one such group. `what` is read, or by whom: for logs and quotas."""
    return f"{READERS}{what}.{uuid4()}"


def client_settings(bootstrap: str, **more: Any) -> dict[str, Any]:
    """What every client needs: where Kafka is, and how to prove who one is.

    The latter belongs to the process, as its environment does, and is read anew for each client: one that is made
    after a password was changed has the new one. Raises ClientsError, SecretMissing.
    """
    settings = Settings()
    return {"bootstrap.servers": bootstrap} | kafka_clients(settings.clients, secrets=settings.secrets) | more


def producer_settings(bootstrap: str, **more: Any) -> dict[str, Any]:
    """Idempotent, ordered, compressed. The partitioner must be the same everywhere: a key has one home."""
    return (
        client_settings(bootstrap)
        | {
            "enable.idempotence": True,
            "acks": "all",
            "partitioner": "murmur2_random",
            "compression.type": "lz4",
            "linger.ms": 2,
            "message.max.bytes": MAX_RECORD_BYTES,
            "queue.buffering.max.messages": 200_000,
            "queue.buffering.max.kbytes": 262_144,
            "retry.backoff.ms": 1,
            "delivery.timeout.ms": 120_000,
        }
        | more
    )


def transactional_settings(bootstrap: str, transactional_id: str, *, seconds: float, **more: Any) -> dict[str, Any]:
    """A producer of transactions, which Kafka ends by itself after so many seconds.

    After a broker's crash librdkafka can wait for an old coordinator without end, whatever time-out it has (its issues
    5456 and 5511), until another connection changes its state: so idle ones close. Not as soon as signs of life follow
    one another: a transaction that meets a closing connection waits for seconds.
    """
    milliseconds = int(seconds * 1000)
    own = {
        "transactional.id": transactional_id,
        "transaction.timeout.ms": milliseconds,
        "delivery.timeout.ms": milliseconds,
        "connections.max.idle.ms": 30_000,
    }
    return producer_settings(bootstrap) | own | more


def consumer_settings(bootstrap: str, group: str, **more: Any) -> dict[str, Any]:
    """Committed records only, positions kept by the caller."""
    return (
        client_settings(bootstrap)
        | {
            "group.id": group,
            "enable.auto.commit": False,
            "auto.offset.reset": "earliest",
            "isolation.level": "read_committed",
            "fetch.wait.max.ms": 50,
            "partition.assignment.strategy": "range",
            "queued.min.messages": 20_000,
            "queued.max.messages.kbytes": 32_768,
        }
        | more
    )
