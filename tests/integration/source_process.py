"""`python -m connectors.run_source` as a process of its own, for one system of a test's own."""

import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from urllib.request import urlopen

from deploy.embedded.ports import free_port
from schemas import catalogue_topic
from schemas.catalogue import compile_catalogue
from schemas.manifest import Manifest
from tests.integration.source_database import Database
from tests.integration.source_kafka import Kafka, kafka_for

_PROJECT = Path(__file__).resolve().parents[2]


@dataclass
class Process:
    """Starts run_source for the system of a test; `log` is what it said."""

    city: Kafka
    log: Path
    metrics_port: int = field(default_factory=free_port)
    _running: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start(self, system: str = "") -> subprocess.Popen[bytes]:
        settings = self.city.settings
        environment = {
            "LIENTHONG_KAFKA": settings.kafka,
            "LIENTHONG_REGISTRY": settings.registry,
            "LIENTHONG_SECRETS": str(settings.secrets),
            "LIENTHONG_METRICS_PORT": str(self.metrics_port),
        }
        with self.log.open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "connectors.run_source", system or self.city.system],
                cwd=_PROJECT,
                env={**os.environ, **environment},
                stderr=log,
            )
        self._running.append(process)
        return process

    def metrics(self) -> str:
        """What it says of itself now."""
        with urlopen(f"http://127.0.0.1:{self.metrics_port}/metrics", timeout=10) as answer:
            return str(answer.read().decode())

    def end(self) -> None:
        for process in self._running:
            if process.poll() is None:
                process.kill()
            process.wait(10)


def prepared_city(bootstrap: str, registry: str, folder: Path, database: Database) -> Kafka:
    """Topics, secrets and catalogue for a system that publishes `public.nguon`, its column `ten` as the name."""
    city = kafka_for(bootstrap, registry, folder, database.name)
    city.create_topics()
    (city.settings.secrets / "nguon_dsn").write_text(database.dsn)
    publish(city, database)
    return city


def publish(city: Kafka, database: Database, **connect: str) -> None:
    """The catalogue, with more settings of the kind."""
    body = {
        "system": city.system,
        "connect": {"kind": "postgres", "dsn": "${file:nguon_dsn}", "slot": database.slot, **connect},
        "publishes": {"person": {"from": "public.nguon", "key": {"else": "id"}, "fields": {"full_name": "ten"}}},
    }
    catalogue_topic.publish(city.settings, compile_catalogue([Manifest.model_validate(body)], 1))
