"""A Kafka that tells everybody, and itself, to come through a proxy."""

from pathlib import Path

from deploy.embedded.kafka import Kafka
from tests.chaos.kafka_proxy import KafkaProxy


class ProxiedKafka(Kafka):
    """``bootstrap`` is the proxy's address; ``proxy`` lives as long as this object, also while the broker is down.

    Sessions may be short here, so that a frozen worker is out of the group soon, and the cleaner compacts eagerly.
    """

    def __init__(self, data: Path) -> None:
        super().__init__(data)
        self.proxy = KafkaProxy(self.port)

    @property
    def bootstrap(self) -> str:
        """See Kafka."""
        return f"127.0.0.1:{self.proxy.port}"

    def _write_settings(self, *, logs: Path) -> Path:
        path = super()._write_settings(logs=logs)
        own = {
            "advertised.listeners": f"BROKER://{self.bootstrap}",
            "group.min.session.timeout.ms": 1_000,
            "log.cleaner.backoff.ms": 500,
        }
        lines = [line for line in path.read_text(encoding="utf-8").splitlines() if line.partition("=")[0] not in own]
        lines += [f"{name}={value}" for name, value in own.items()]
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return path
