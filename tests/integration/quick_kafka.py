"""A Kafka whose settings a test may change; by itself it lets sessions be short, for whoever waits for their end."""

from pathlib import Path

from deploy.embedded.kafka import Kafka


class QuickKafka(Kafka):
    """What ``_own_settings`` says stands over the settings of the Kafka that users get."""

    def _write_settings(self, *, logs: Path) -> Path:
        path = super()._write_settings(logs=logs)
        own = self._own_settings()
        lines = [line for line in path.read_text(encoding="utf-8").splitlines() if line.partition("=")[0] not in own]
        lines += [f"{name}={value}" for name, value in own.items()]
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return path

    def _own_settings(self) -> dict[str, str | int]:
        return {"group.min.session.timeout.ms": 1_000}
