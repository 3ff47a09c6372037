"""What users would pick instead: Debezium's PostgreSQL source and JDBC sink in Kafka Connect, with Avro, tuned.

It does less: it copies rows and neither normalises nor deduplicates, merges or routes.
"""

import time
from pathlib import Path
from typing import Any, Final

import requests
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from deploy.embedded.kafka import Kafka
from deploy.embedded.ports import LOOPBACK
from deploy.embedded.postgres import USER, Postgres
from deploy.embedded.registry import Registry
from tests.bench.carriers.connect_worker import ConnectWorker
from tests.bench.load.pair import Pair, connect
from tests.bench.load.people import plan
from tests.bench.load.tables import COPY, SOURCE
from tests.bench.load.write import burst

_TOPIC: Final = "peer.public.cong_dan"
_SLOT, _PUBLICATION = "peer_slot", "peer_pub"
_PARTITIONS: Final = 2
_CONNECTORS: Final = ("peer-sink", "peer-source")
_SECONDS: Final = 60.0


class Peer:
    """Kafka Connect stands ready and warm; a registration is two connectors."""

    name = "debezium"
    source, target = SOURCE, COPY

    def __init__(self, postgres: Postgres, home: Path) -> None:
        self._postgres = postgres
        self._kafka = Kafka(home / "kafka", heap_mb=1024)
        self._registry = Registry(home / "registry")
        self._connect = ConnectWorker(home / "connect", bootstrap=self._kafka.bootstrap)
        #: Until the schemas are known: a converter that registers renders the schema for every record.
        self._registers = True

    def start(self) -> None:
        """See Carrier. A thousand rows and as many changes make schemas known and the JVM warm."""
        for server in (self._kafka, self._registry, self._connect):
            server.configure()
            server.start()
            server.wait_ready()
        pair = Pair(self._postgres.dsn("nguon"), self._postgres.dsn("dich"), self.source, self.target)
        pair.lay_out(rows=1000)
        began = time.time()
        self.register()
        pair.wait_equal(since=began)
        burst(pair.source_dsn, plan(pair.ids(), 2000, transactions=100, size=10, seed=1))
        pair.wait_equal(since=began)
        self._registers = False
        self.remove()

    def register(self) -> None:
        """See Carrier."""
        admin = AdminClient({"bootstrap.servers": self._kafka.bootstrap})
        admin.create_topics([NewTopic(_TOPIC, _PARTITIONS, 1)])[_TOPIC].result()
        self._put("peer-source", self._source())
        self._put("peer-sink", self._sink())

    def pause(self) -> None:
        """See Carrier."""
        for name in _CONNECTORS:
            self._ask("PUT", f"/connectors/{name}/stop")
        for name in _CONNECTORS:
            self._wait(name, "STOPPED")

    def resume(self) -> None:
        """See Carrier."""
        for name in _CONNECTORS:
            self._ask("PUT", f"/connectors/{name}/resume")

    def remove(self) -> None:
        """See Carrier."""
        self.pause()
        for name in _CONNECTORS:
            self._ask("DELETE", f"/connectors/{name}/offsets")
            self._ask("DELETE", f"/connectors/{name}")
        with connect(self._postgres.dsn("nguon")) as source:
            source.execute("select pg_drop_replication_slot(%s)", [_SLOT])
            source.execute(f"drop publication {_PUBLICATION}")
        admin = AdminClient({"bootstrap.servers": self._kafka.bootstrap})
        admin.delete_topics([_TOPIC])[_TOPIC].result()
        while _TOPIC in admin.list_topics(timeout=10).topics:
            time.sleep(0.1)

    def stop(self) -> None:
        """See Carrier."""
        for server in (self._connect, self._registry, self._kafka):
            server.kill()

    def pids(self) -> dict[str, list[int]]:
        """See Carrier."""
        servers = (self._kafka, self._registry, self._connect)
        return {server.name: [server.pid] for server in servers if server.pid is not None}

    def _ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> None:
        answer = requests.request(method, f"{self._connect.url}{path}", json=body, timeout=_SECONDS)
        assert answer.ok, f"{method} {path}: {answer.status_code} {answer.text}"

    def _put(self, name: str, settings: dict[str, Any]) -> None:
        self._ask("PUT", f"/connectors/{name}/config", settings | self._converters())

    def _wait(self, name: str, wanted: str) -> None:
        deadline = time.monotonic() + _SECONDS
        while wanted not in requests.get(f"{self._connect.url}/connectors/{name}/status", timeout=5).text:
            assert time.monotonic() < deadline, f"{name} is not {wanted} after {_SECONDS:.0f} s"
            time.sleep(0.1)

    def _converters(self) -> dict[str, Any]:
        base = self._registry.url.partition("/apis/")[0]
        settings = {
            "converter": "io.apicurio.registry.utils.converter.AvroConverter",
            "converter.apicurio.registry.url": f"{base}/apis/registry/v2",
            "converter.apicurio.registry.auto-register": str(self._registers).lower(),
            "converter.apicurio.registry.find-latest": "true",
            "converter.apicurio.registry.as-confluent": "true",
            "converter.apicurio.registry.check-period-ms": "86400000",
        }
        return {f"{part}.{name}": value for part in ("key", "value") for name, value in settings.items()}

    def _source(self) -> dict[str, Any]:
        return {
            "connector.class": "io.debezium.connector.postgresql.PostgresConnector",
            "tasks.max": "1",
            "database.hostname": LOOPBACK,
            "database.port": str(self._postgres.port),
            "database.user": USER,
            "database.password": self._postgres.password,
            "database.dbname": "nguon",
            "topic.prefix": "peer",
            "table.include.list": "public.cong_dan",
            "plugin.name": "pgoutput",
            "slot.name": _SLOT,
            "publication.name": _PUBLICATION,
            "publication.autocreate.mode": "filtered",
            "snapshot.mode": "initial",
            "snapshot.fetch.size": "10000",
            "max.batch.size": "4096",
            "max.queue.size": "32768",
            "poll.interval.ms": "10",
            "producer.override.linger.ms": "5",
            "producer.override.batch.size": "262144",
            "producer.override.compression.type": "lz4",
            "producer.override.buffer.memory": "134217728",
            "tombstones.on.delete": "false",
            "provide.transaction.metadata": "false",
        }

    def _sink(self) -> dict[str, Any]:
        return {
            "connector.class": "io.debezium.connector.jdbc.JdbcSinkConnector",
            "tasks.max": str(_PARTITIONS),
            "topics": _TOPIC,
            "connection.url": f"jdbc:postgresql://{LOOPBACK}:{self._postgres.port}/dich?reWriteBatchedInserts=true",
            "connection.username": USER,
            "connection.password": self._postgres.password,
            "connection.pool.min_size": "1",
            "connection.pool.max_size": "4",
            "insert.mode": "upsert",
            "delete.enabled": "true",
            "primary.key.mode": "record_key",
            "primary.key.fields": "so_dinh_danh",
            "schema.evolution": "none",
            "collection.name.format": "public.cong_dan",
            "batch.size": "2000",
            "use.reduction.buffer": "true",
            "consumer.override.max.poll.records": "2000",
            "consumer.override.fetch.min.bytes": "1",
            "consumer.override.fetch.max.wait.ms": "100",
            "consumer.override.max.partition.fetch.bytes": "8388608",
            "consumer.override.auto.offset.reset": "earliest",
        }
