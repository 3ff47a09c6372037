"""A source's memory in Kafka: kept in transactions, fenced by Kafka itself."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import uuid4

import pytest
from confluent_kafka import Producer

from connectors.errors import Fenced
from connectors.memory_topic import MemoryUnavailable, TopicMemory
from connectors.topic_end import last_value
from deploy.embedded.kafka import Kafka
from schemas import topics
from schemas.kafka import producer_settings
from schemas.registry import Registry
from schemas.settings import Settings
from tests.integration.source_kafka import Kafka as City


@pytest.fixture
def system(kafka: str, registry: str, tmp_path: Path) -> str:
    name = f"s{uuid4().hex}"
    City(Settings(kafka=kafka, registry=registry, secrets=tmp_path), name).create_topics()
    return name


def test_what_was_kept_is_found_by_the_next_generation(kafka: str, registry: str, system: str) -> None:
    first = TopicMemory(kafka, Registry(registry), system)
    assert (first.last, first.generation) == (None, 1)
    first.keep(epoch=3, phase="snapshot", detail="chi tiết", message="trục trặc")
    second = TopicMemory(kafka, Registry(registry), system)
    assert second.generation == 2
    assert second.last is not None
    assert {name: second.last[name] for name in ("epoch", "phase", "detail", "message", "generation")} == {
        "epoch": 3,
        "phase": "snapshot",
        "detail": "chi tiết",
        "message": "trục trặc",
        "generation": 1,
    }


def test_a_generation_that_said_nothing_is_taken_again(kafka: str, registry: str, system: str) -> None:
    TopicMemory(kafka, Registry(registry), system)
    assert TopicMemory(kafka, Registry(registry), system).generation == 1


def test_an_older_process_is_fenced_and_leaves_nothing(kafka: str, registry: str, system: str) -> None:
    older = TopicMemory(kafka, Registry(registry), system)
    older.keep(epoch=1, phase="streaming")
    newer = TopicMemory(kafka, Registry(registry), system)
    newer.keep(epoch=1, phase="starting")
    for _ in range(2):  # also when it connects again
        with pytest.raises(Fenced):
            older.keep(epoch=9, phase="snapshot")
    newer.beat()
    assert TopicMemory(kafka, Registry(registry), system).last == newer.last


def test_systems_do_not_fence_each_other(kafka: str, registry: str, system: str) -> None:
    one, other = (TopicMemory(kafka, Registry(registry), f"{system}_{n}") for n in range(2))
    one.keep(epoch=1, phase="streaming")
    other.keep(epoch=2, phase="streaming")
    one.beat()
    assert TopicMemory(kafka, Registry(registry), f"{system}_0").last == one.last


def test_a_committed_record_behind_an_open_transaction_is_not_missed(kafka: str, registry: str, system: str) -> None:
    """The end of what is stable lies before it: a reader that stopped there would take an old state for the last."""
    memory = TopicMemory(kafka, Registry(registry), system)
    slow = Producer(producer_settings(kafka, **{"transactional.id": str(uuid4()), "delivery.timeout.ms": 30_000}))
    slow.init_transactions(10)
    slow.begin_transaction()
    slow.produce(topics.CONNECTORS, b"", b"somebody else")
    slow.flush(10)
    memory.keep(epoch=5, phase="streaming")
    with ThreadPoolExecutor() as pool:
        reading = pool.submit(last_value, kafka, topics.CONNECTORS, f"source/{system}".encode())
        with pytest.raises(TimeoutError):
            reading.result(1)
        slow.abort_transaction(10)
        assert reading.result(20) is not None


def test_while_kafka_is_away_nothing_is_kept_and_then_it_goes_on(
    private_kafka: Callable[[], Kafka], registry: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("connectors.memory_topic._TRANSACTION_SECONDS", 2.0)
    monkeypatch.setattr("connectors.memory_topic._ANSWER_SECONDS", 3.0)
    server = private_kafka()
    settings = Settings(kafka=server.bootstrap, registry=registry, secrets=tmp_path)
    City(settings, "nguon").create_topics()
    memory = TopicMemory(server.bootstrap, Registry(registry), "nguon")
    memory.keep(epoch=1, phase="streaming")
    server.kill()
    with pytest.raises(MemoryUnavailable):
        memory.keep(epoch=2, phase="snapshot")
    assert memory.last is not None and memory.last["epoch"] == 1
    server.start()
    server.wait_ready()
    monkeypatch.undo()
    memory.keep(epoch=3, phase="snapshot")
    again = TopicMemory(server.bootstrap, Registry(registry), "nguon")
    assert again.last == memory.last
