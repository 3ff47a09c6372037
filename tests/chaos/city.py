"""What every city of these tests has: servers of its own, processes that can be killed, a folder of manifests."""

import base64
import os
import secrets
import subprocess
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from deploy.embedded.kafka import Kafka
from deploy.embedded.ports import free_port
from deploy.embedded.postgres import Postgres
from schemas.settings import Settings
from tests.chaos.processes import Process, python
from tests.integration.shared_servers import SharedPostgres


@dataclass
class City:
    """`environment` is what every process of ours is started with."""

    kafka: Kafka
    postgres: Postgres | SharedPostgres
    registry: str
    home: Path
    partitions: int = 4
    processes: dict[str, Process] = field(default_factory=dict)

    def environment(self, **more: str) -> dict[str, str]:
        return {
            "LIENTHONG_KAFKA": self.kafka.bootstrap,
            "LIENTHONG_REGISTRY": self.registry,
            "LIENTHONG_PARTITIONS": str(self.partitions),
            "LIENTHONG_DATA": str(self.home / "data"),
            "LIENTHONG_SECRETS": str(self.home / "secrets"),
            "LIENTHONG_LOG_LEVEL": "info",
        } | more

    def settings(self) -> Settings:
        """The same for what a test itself does."""
        return Settings(
            kafka=self.kafka.bootstrap,
            registry=self.registry,
            partitions=self.partitions,
            data=self.home / "data",
            secrets=self.home / "secrets",
        )

    def keep_secrets(self, **told: str) -> None:
        """Files of the secrets folder, the dead letters' key among them."""
        folder = self.home / "secrets"
        folder.mkdir(parents=True)
        told["dead_letter_key"] = base64.b64encode(secrets.token_bytes(32)).decode()
        for name, text in told.items():
            (folder / name).write_text(text)

    def keep_manifests(self, **told: str) -> None:
        """The manifests, applied."""
        folder = self.home / "systems"
        folder.mkdir()
        for system, text in told.items():
            (folder / f"{system}.yaml").write_text(text)
        self.apply()

    def apply(self) -> None:
        """`lienthong apply` of the manifests as they stand in the folder."""
        self._console("apply", str(self.home / "systems"))

    def wait_ready(self, *, seconds: float) -> None:
        """`lienthong wait-ready`: everybody is at work, and nothing waits for a worker or a sink."""
        self._console("wait-ready", "--timeout", str(seconds))

    def _console(self, *arguments: str) -> None:
        subprocess.run(
            python("console", *arguments), env=os.environ | self.environment(**self.identity("console")), check=True
        )

    def start(self, name: str) -> Process:
        """A process by its name; kept running until `stop`."""
        who = self.identity(name)
        environment = self.environment(LIENTHONG_WORKER=name, LIENTHONG_METRICS_PORT=str(free_port()), **who)
        self.processes[name] = Process(
            name, self.argv(name), environment, self.home / f"{name.replace('/', '-')}.log"
        ).start()
        return self.processes[name]

    def identity(self, name: str) -> dict[str, str]:
        """What a process, or the console, has in its environment to prove who it is."""
        return {}

    def argv(self, name: str) -> list[str]:
        """`source/<system>`, `sink/<system>`, `fleet`, `store`; a worker by any other name."""
        kind, _, system = name.partition("/")
        if name == "store":
            return python("console.run_store")
        if name == "fleet":
            return python("connectors.run_fleet")
        if system:
            return python(f"connectors.run_{kind}", system)
        return python("faust", "-A", "streams.app", "worker", "--without-web", "-l", "warn")

    def stop(self) -> dict[str, int]:
        """Ask every process to stop; exit codes by name."""
        with ThreadPoolExecutor(len(self.processes) or 1) as pool:
            return dict(zip(self.processes, pool.map(Process.stop, self.processes.values()), strict=True))
