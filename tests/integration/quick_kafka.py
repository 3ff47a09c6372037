"""The tests' Kafka: it starts sooner, for most tests have one of their own, and lets sessions be short."""

import hashlib
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path

from deploy.embedded.cache import Report, cache_directory, jars
from deploy.embedded.kafka import Kafka
from deploy.embedded.server import say_nothing


class QuickKafka(Kafka):
    """What ``_own_settings`` says stands over the settings of the Kafka that users get."""

    def configure(self, report: Report = say_nothing) -> None:
        """See Kafka. A log directory that was formatted once is copied: formatting is the work of a whole JVM."""
        formatted, logs = _formatted(report), self.data / "logs"
        is_new = not logs.exists()
        if is_new and formatted.exists():
            self.data.mkdir(parents=True, exist_ok=True)
            shutil.copytree(formatted, logs)
        super().configure(report)
        if is_new and not formatted.exists():
            formatted.parent.mkdir(parents=True, exist_ok=True)
            fresh = Path(tempfile.mkdtemp(dir=formatted.parent))
            shutil.copytree(logs, fresh, dirs_exist_ok=True)
            with suppress(OSError):  # another one was quicker
                fresh.rename(formatted)

    def _write_settings(self, *, logs: Path) -> Path:
        path = super()._write_settings(logs=logs)
        own = self._own_settings()
        lines = [line for line in path.read_text(encoding="utf-8").splitlines() if line.partition("=")[0] not in own]
        lines += [f"{name}={value}" for name, value in own.items()]
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return path

    def _own_settings(self) -> dict[str, str | int]:
        return {"group.min.session.timeout.ms": 1_000}


def _formatted(report: Report) -> Path:
    """Where this version's formatted log directory is kept."""
    cache = cache_directory()
    version = "\n".join(sorted(path.name for path in jars("kafka", cache=cache, report=report)))
    return cache / "formatted" / hashlib.sha256(version.encode()).hexdigest()[:16]
