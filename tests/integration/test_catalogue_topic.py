"""The catalogue in a real Kafka."""

import json
from collections.abc import Callable

import pytest
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, NewTopic  # type: ignore[attr-defined]

from deploy.embedded.kafka import Kafka
from schemas import topics
from schemas.catalogue import CatalogueError, compile_catalogue
from schemas.catalogue_topic import KEY, NoCatalogue, publish, read
from schemas.manifest import Manifest
from schemas.settings import Settings


def _manifest(system: str) -> Manifest:
    subscription = {"into": "t", "key": {"k": "key"}, "fields": {"a": "full_name"}, "purpose": "thử"}
    return Manifest.model_validate(
        {"system": system, "connect": {"kind": "memory"}, "subscribes": {"person": subscription}}
    )


def test_the_last_catalogue_is_read(private_kafka: Callable[[], Kafka]) -> None:
    settings = Settings(kafka=private_kafka().bootstrap)
    with pytest.raises(NoCatalogue, match="lienthong apply"):
        read(settings)
    [topic] = [one for one in topics.shared_topics() if one.name == topics.CATALOGUE]
    admin = AdminClient({"bootstrap.servers": settings.kafka})
    admin.create_topics([NewTopic(topic.name, topic.partitions, 1, config=topic.config)])[topic.name].result(30)
    with pytest.raises(NoCatalogue, match="lienthong apply"):
        read(settings)

    first = compile_catalogue([_manifest("a")], 1)
    publish(settings, first)
    assert read(settings).to_json() == first.to_json()
    second = compile_catalogue([_manifest("a"), _manifest("b")], 2, previous=first)
    publish(settings, second)
    found = read(settings)
    assert found.to_json() == second.to_json()
    assert found.mapping_revision("a") == 1

    newer = json.dumps({**json.loads(second.to_json()), "format": 2, "manifests": "another shape"})
    producer = Producer({"bootstrap.servers": settings.kafka})
    producer.produce(topics.CATALOGUE, newer, KEY)
    assert producer.flush(20) == 0
    with pytest.raises(CatalogueError, match="which a newer version has written"):
        read(settings)


def test_no_kafka_is_said_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("schemas.catalogue_topic._TIMEOUT_SECONDS", 1.0)
    settings = Settings(kafka="127.0.0.1:1")
    with pytest.raises(CatalogueError, match="see that Kafka runs"):
        read(settings)
    with pytest.raises(CatalogueError, match="see that Kafka runs"):
        publish(settings, compile_catalogue([_manifest("a")], 1))
