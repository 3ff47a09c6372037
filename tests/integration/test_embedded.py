"""The embedded servers: they speak, they survive being killed, they keep their data and their port."""

from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from confluent_kafka import Consumer, Producer
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic
from confluent_kafka.schema_registry import Schema, SchemaRegistryClient

from deploy.embedded.errors import StartError
from deploy.embedded.kafka import Kafka
from deploy.embedded.postgres import Postgres
from deploy.embedded.registry import Registry
from tests.integration.shared_servers import SharedPostgres


def _create_topic(bootstrap: str) -> str:
    topic = f"test-{uuid4()}"
    admin = AdminClient({"bootstrap.servers": bootstrap})
    admin.create_topics([NewTopic(topic, 1, 1)])[topic].result(10)
    return topic


def _produce(bootstrap: str, topic: str, value: str) -> None:
    producer = Producer({"bootstrap.servers": bootstrap, "transactional.id": topic, "transaction.timeout.ms": 10_000})
    producer.init_transactions(20)
    producer.begin_transaction()
    producer.produce(topic, value)
    producer.commit_transaction(20)


def _consume(bootstrap: str, topic: str, count: int) -> list[str]:
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": str(uuid4()), "auto.offset.reset": "earliest"})
    consumer.subscribe([topic])
    messages = consumer.consume(count, timeout=20)
    consumer.close()
    return [(message.value() or b"").decode() for message in messages]


def test_kafka_carries_transactions(kafka: str) -> None:
    topic = _create_topic(kafka)
    _produce(kafka, topic, "một")
    assert _consume(kafka, topic, 1) == ["một"]


def test_kafka_creates_no_topic_by_accident(kafka: str) -> None:
    missing = f"missing-{uuid4()}"
    admin = AdminClient({"bootstrap.servers": kafka, "allow.auto.create.topics": True})
    admin.list_topics(missing, timeout=10)
    assert missing not in admin.list_topics(timeout=10).topics


def test_registry_gives_a_schema_back(registry: str) -> None:
    client = SchemaRegistryClient({"url": registry})
    subject = f"test-{uuid4()}"
    number = client.register_schema(subject, Schema('{"type": "string"}', "AVRO"))
    assert client.get_latest_version(subject).schema_id == number


def test_databases_are_fresh_and_replicate_logically(postgres: SharedPostgres) -> None:
    first, second = postgres.create_database(), postgres.create_database()
    assert first != second
    with psycopg.connect(postgres.dsn(first)) as connection:
        assert connection.execute("SELECT current_database()").fetchone() == (first,)
        assert connection.execute("SHOW wal_level").fetchone() == ("logical",)
        assert connection.execute("SHOW track_commit_timestamp").fetchone() == ("on",)
        assert connection.execute("SHOW server_encoding").fetchone() == ("UTF8",)


def test_a_killed_kafka_returns_with_its_data(private_kafka: Callable[[], Kafka]) -> None:
    server = private_kafka()
    topic = _create_topic(server.bootstrap)
    _produce(server.bootstrap, topic, "before")
    server.kill()
    server.start()
    server.wait_ready()
    _produce(server.bootstrap, topic, "after")
    assert _consume(server.bootstrap, topic, 2) == ["before", "after"]


def test_a_killed_registry_forgets_no_schema(server_directory: Path) -> None:
    server = Registry(server_directory / "registry")
    server.configure()
    server.start()
    try:
        server.wait_ready()
        number = SchemaRegistryClient({"url": server.url}).register_schema("kept", Schema('{"type": "long"}', "AVRO"))
        server.kill()
        server.start()
        server.wait_ready()
        after = SchemaRegistryClient({"url": server.url})
        assert after.get_latest_version("kept").schema_id == number
        assert after.register_schema("new", Schema('{"type": "bytes"}', "AVRO")) != number
    finally:
        server.kill()


def test_a_server_that_cannot_start_tells_the_end_of_its_log(server_directory: Path) -> None:
    server = Postgres(server_directory / "postgres", settings={"shared_buffers": "nonsense"})
    server.configure()
    server.start()
    with pytest.raises(StartError, match=r"starting postgres: it ended(.|\n)*nonsense"):
        server.wait_ready()


def test_a_killed_postgres_returns_with_its_data(private_postgres: Callable[[], Postgres]) -> None:
    server = private_postgres()
    open_session = psycopg.connect(server.dsn(), autocommit=True)
    open_session.execute("CREATE TABLE kept (id int)")
    open_session.execute("INSERT INTO kept VALUES (7)")
    server.kill()
    server.start()
    server.wait_ready()
    with psycopg.connect(server.dsn()) as connection:
        assert connection.execute("SELECT id FROM kept").fetchall() == [(7,)]
