"""A Kafka that tells everybody, and itself, to come through a proxy."""

from collections.abc import Sequence
from pathlib import Path

from tests.chaos.kafka_proxy import KafkaProxy
from tests.integration.quick_kafka import QuickKafka


class ProxiedKafka(QuickKafka):
    """``bootstrap`` is the proxy's address; ``proxy`` lives as long as this object, also while the broker is down.

    Sessions may be short here, so that a frozen worker is out of the group soon, and the cleaner compacts eagerly.
    """

    #: How many replicas must have a record before it is acknowledged.
    in_sync = 1

    def __init__(self, data: Path, *, heap_mb: int = 512) -> None:
        super().__init__(data, heap_mb=heap_mb)
        self.proxy = KafkaProxy(self.port)

    @property
    def bootstrap(self) -> str:
        """See Kafka."""
        return f"127.0.0.1:{self.proxy.port}"

    @property
    def brokers(self) -> Sequence["ProxiedKafka"]:
        """Those that can be killed and started: here this one."""
        return [self]

    def _own_settings(self) -> dict[str, str | int]:
        return {
            **super()._own_settings(),
            "advertised.listeners": f"BROKER://{self.bootstrap}",
            "log.cleaner.backoff.ms": 500,
        }
