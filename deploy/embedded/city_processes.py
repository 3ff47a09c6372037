"""What runs beside the three servers: the one place that lists the city's processes."""

import json
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from deploy.embedded.city import PEOPLE
from deploy.embedded.city_systems import furnish
from deploy.embedded.data_directory import DataDirectory
from deploy.embedded.ports import free_port
from deploy.embedded.process import Command
from deploy.embedded.supervisor import ProcessSpec
from schemas.catalogue_topic import read
from schemas.settings import Settings

PROJECT = Path(__file__).resolve().parents[2]
MANIFESTS = PROJECT / "deploy" / "hanoi" / "systems"
WORKERS = ("w1", "w2")
FLEET = "fleet"
#: So many ports behind the fleet's own are free when it starts.
_MOST_CONNECTORS = 200


class City:
    """The processes of one city. ``environment`` is what each of them gets; each service also gets a metrics port."""

    def __init__(
        self,
        environment: Mapping[str, str],
        data: DataDirectory,
        *,
        manifests: Path = MANIFESTS,
        people: int = PEOPLE,
    ) -> None:
        """``manifests``: the folder of the systems' files. ``people``: how many civil status is filled with."""
        self._environment, self._data, self._manifests, self._people = environment, data, manifests, people
        self._metrics: dict[str, int] = {}
        self._settings = Settings(kafka=environment["LIENTHONG_KAFKA"])

    def furnish(self, *, dsn: Callable[[str], str], report: Callable[[str], None]) -> list[ProcessSpec]:
        """See `city_systems.furnish`."""
        return furnish(self._data, dsn=dsn, report=report)

    def preparations(self) -> list[ProcessSpec]:
        """Run one after another, each to its end, before the services."""
        return [
            self._process("fill", "deploy.embedded.city", "--people", str(self._people)),
            # No worker runs yet: what was taken out is removed later.
            self._process("apply", "console", "apply", str(self._manifests), "--yes", "--wait", "0"),
        ]

    def services(self) -> list[list[ProcessSpec]]:
        """Kept running; the stages are stopped in reverse order."""
        stages = [
            [self._service("store", ("console.run_store",), {})],
            [self._worker(name) for name in WORKERS],
            [self._fleet()],
        ]
        self._data.metrics_file.write_text(json.dumps(self._metrics, indent=2) + "\n", encoding="utf-8")
        return stages

    def tidying(self) -> list[ProcessSpec]:
        """Once workers run: what systems that were taken out meanwhile have left behind."""
        if not read(self._settings).tenure.leaving:
            return []
        return [self._process("tidy", "console", "apply", str(self._manifests), "--yes")]

    def readiness(self) -> ProcessSpec:
        """Ends when the first people have arrived, printing how far it is."""
        return self._process("wait-ready", "console", "wait-ready")

    def _fleet(self) -> ProcessSpec:
        """The connectors of whatever systems the applied catalogue has."""
        return self._service(FLEET, ("connectors.run_fleet",), {}, following=_MOST_CONNECTORS)

    def _worker(self, name: str) -> ProcessSpec:
        files = self._data.path / "state" / name / "faust"
        argv = ("faust", "--datadir", str(files), "-A", "streams.app", "worker", "--without-web", "-l", "warn")
        # Faust wants a web port of its own even where the web is off.
        return self._service(f"worker-{name}", (*argv, "--web-port", str(free_port())), {"LIENTHONG_WORKER": name})

    def _service(
        self, name: str, arguments: Iterable[str], environment: Mapping[str, str], *, following: int = 0
    ) -> ProcessSpec:
        self._metrics[name] = free_port(following=following)
        own = {"LIENTHONG_METRICS_PORT": str(self._metrics[name]), **environment}
        return self._process(name, *arguments, environment=own)

    def _note_metrics(self) -> None:
        self._data.metrics_file.write_text(json.dumps(self._metrics, indent=2) + "\n", encoding="utf-8")

    def _process(self, name: str, *arguments: str, environment: Mapping[str, str] | None = None) -> ProcessSpec:
        command = Command(
            argv=(sys.executable, "-m", *arguments),
            env={**self._environment, **(environment or {}), "PYTHONUNBUFFERED": "1"},
            cwd=PROJECT,
            grace_seconds=15.0,
        )
        return ProcessSpec(name=name, command=lambda: command)
