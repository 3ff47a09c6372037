"""Kafka Connect with Debezium, run from pinned files of the Maven repository, as the embedded servers are."""

import shutil
from pathlib import Path
from typing import ClassVar, Final

import requests

from deploy.embedded.artifacts import write_lock
from deploy.embedded.cache import Report, cache_directory, jars, unpacked
from deploy.embedded.pin_artifacts import KAFKA, KAFKA_LOGGING, pin
from deploy.embedded.ports import LOOPBACK
from deploy.embedded.process import Command
from deploy.embedded.repository import maven
from deploy.embedded.server import Server, say_nothing

LOCK: Final = Path(__file__).with_name("peer.lock")
_KAFKA_VERSION: Final = KAFKA.rpartition(":")[2]
_WORKER: Final = (
    f"org.apache.kafka:kafka-clients:{_KAFKA_VERSION}",
    f"org.apache.kafka:connect-runtime:{_KAFKA_VERSION}",
    f"org.apache.kafka:connect-json:{_KAFKA_VERSION}",
    f"org.apache.kafka:connect-transforms:{_KAFKA_VERSION}",
    KAFKA_LOGGING,
    "org.apache.logging.log4j:log4j-core:2.25.3",
    # Jersey and Jetty need classes of these versions; what else needs them asks for older ones, and stands nearer.
    "jakarta.annotation:jakarta.annotation-api:2.1.1",
    "jakarta.inject:jakarta.inject-api:2.0.1",
    "jakarta.servlet:jakarta.servlet-api:6.0.0",
    "jakarta.ws.rs:jakarta.ws.rs-api:3.1.0",
)
#: The newest converter for Connect that is published under this name.
_CONVERTER: Final = ("io.apicurio:apicurio-registry-utils-converter:2.6.13.Final",)
#: These belong to the worker; a second copy in a plugin's folder hides it.
_OF_THE_WORKER: Final = ("connect-api", "connect-json", "kafka-clients", "slf4j-api")
_DEBEZIUM: Final = "3.6.0.Final"
_PLUGINS: Final = {"source": "debezium-connector-postgres", "sink": "debezium-connector-jdbc"}
_SETTINGS: Final = {
    "group.id": "peer-connect",
    "key.converter": "org.apache.kafka.connect.json.JsonConverter",
    "value.converter": "org.apache.kafka.connect.json.JsonConverter",
    "plugin.discovery": "hybrid_warn",
    "connector.client.config.override.policy": "All",
    "offset.flush.interval.ms": 5000,
    "scheduled.rebalance.max.delay.ms": 0,
    "offset.storage.partitions": 1,
    "status.storage.partitions": 1,
} | {
    f"{kind}.storage.{word}": value
    for kind in ("config", "offset", "status")
    for word, value in (("topic", f"_connect_{kind}s"), ("replication.factor", 1))
}
_JVM: Final = (
    "-server", "-Xms2g", "-Xmx2g", "-XX:+UseG1GC", "-XX:MaxGCPauseMillis=20",
    "-XX:InitiatingHeapOccupancyPercent=35", "-XX:+ExplicitGCInvokesConcurrent", "-Djava.awt.headless=true",
)  # fmt: skip
_LOG4J: Final = """\
rootLogger.level = warn
rootLogger.appenderRef.console.ref = console
appender.console.type = Console
appender.console.name = console
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %d %p %c{1} %m%n
"""


class ConnectWorker(Server):
    """One worker in distributed mode. Needs a Java 17 or newer on the path: the embedded one lacks modules of it."""

    name: ClassVar[str] = "connect"

    def __init__(self, data: Path, *, bootstrap: str) -> None:
        super().__init__(data)
        self._bootstrap = bootstrap
        self._jars: list[Path] = []

    @property
    def url(self) -> str:
        """Of its REST interface."""
        return f"http://{LOOPBACK}:{self.port}"

    def configure(self, report: Report = say_nothing) -> None:
        """See Server."""
        cache, plugins = cache_directory(), self.data / "plugins"
        self._jars = jars("worker", cache=cache, report=report, lock=LOCK)
        plugins.mkdir(parents=True)
        for part in _PLUGINS:
            (plugins / part).symlink_to(unpacked(part, cache=cache, report=report, lock=LOCK))
        (plugins / "converter").mkdir()
        for jar in jars("converter", cache=cache, report=report, lock=LOCK):
            (plugins / "converter" / jar.name).symlink_to(jar)
        (self.data / "log4j2.properties").write_text(_LOG4J, encoding="utf-8")

    def command(self) -> Command:
        """See Server."""
        java = shutil.which("java")
        assert java, "Debezium needs a Java 17 or newer: apt-get install openjdk-17-jre-headless"
        settings = _SETTINGS | {
            "bootstrap.servers": self._bootstrap,
            "listeners": self.url,
            "rest.advertised.host.name": LOOPBACK,
            "plugin.path": str(self.data / "plugins"),
        }
        path = self.data / "connect.properties"
        path.write_text("".join(f"{name}={value}\n" for name, value in settings.items()), encoding="utf-8")
        logging = f"-Dlog4j2.configurationFile={self.data / 'log4j2.properties'}"
        classes = ":".join(map(str, self._jars))
        argv = (java, *_JVM, logging, "-cp", classes, "org.apache.kafka.connect.cli.ConnectDistributed", str(path))
        return Command(argv=argv, cwd=self.data)

    def is_ready(self) -> bool:
        """See Server."""
        try:
            return requests.get(f"{self.url}/connectors", timeout=1).ok
        except requests.ConnectionError:
            return False


def pin_peer() -> None:
    """Remake the peer's lock. Needs the network and about 300 MB of room in the user's Maven cache."""
    context, found = maven(), []
    for part, wanted in (("worker", _WORKER), ("converter", _CONVERTER)):
        inputs, further = context.resolver.resolve([context.create_dependency(each) for each in wanted])
        # Of several versions of one file the one that was asked for, or else the nearest.
        names = {dependency.artifact.artifactId: dependency.artifact for dependency in [*reversed(further), *inputs]}
        if part == "converter":
            names = {name: artifact for name, artifact in names.items() if name not in _OF_THE_WORKER}
        found += sorted((pin(part, artifact) for artifact in names.values()), key=lambda each: each.line())
    for part, name in _PLUGINS.items():
        project = context.project("io.debezium", name).at_version(_DEBEZIUM)
        found.append(pin(part, project.artifact(classifier="plugin", packaging="tar.gz")))
    write_lock(found, lock=LOCK)


if __name__ == "__main__":
    pin_peer()
