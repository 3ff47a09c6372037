"""What the engine asks the broker about topics, also after the broker came back."""

import time
import uuid
from collections.abc import Callable
from pathlib import Path

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from deploy.embedded.kafka import Kafka
from streams.engine.cluster import Cluster, TopicShape
from streams.engine.settings import EngineSettings
from tests.integration.engine_harness import until


def cluster_at(bootstrap: str, folder: Path) -> Cluster:
    return Cluster(
        EngineSettings(bootstrap=bootstrap, group="g", worker="w", data_dir=folder, anchor="a", changelog="c")
    )


def create(bootstrap: str, topic: str) -> None:
    admin = AdminClient({"bootstrap.servers": bootstrap})
    admin.create_topics([NewTopic(topic, 2, 1)])[topic].result(20)


def test_a_topic_that_is_recreated_has_another_id_and_a_missing_one_no_shape(kafka: str, tmp_path: Path) -> None:
    cluster, topic = cluster_at(kafka, tmp_path), f"cluster-{uuid.uuid4().hex[:8]}"
    assert cluster.describe([topic]) == {}
    create(kafka, topic)
    until(lambda: cluster.describe([topic]), seconds=20, doing="the topic to be known")
    before = cluster.describe([topic])[topic]
    assert before.partitions == 2
    admin = AdminClient({"bootstrap.servers": kafka})
    admin.delete_topics([topic])[topic].result(20)
    until(lambda: not cluster.describe([topic]), seconds=20, doing="the topic to be gone")
    create(kafka, topic)
    until(lambda: cluster.describe([topic]), seconds=20, doing="the new topic to be known")
    after = cluster.describe([topic])[topic]
    assert after == TopicShape(after.topic_id, 2)
    assert after.topic_id != before.topic_id


def test_offsets_are_found_again_soon_after_the_broker_was_killed(
    private_kafka: Callable[[], Kafka], tmp_path: Path
) -> None:
    """The client was seen to ask with the old leader's epoch for as long as one cared to look."""
    server = private_kafka()
    create(server.bootstrap, "t")
    cluster, places = cluster_at(server.bootstrap, tmp_path), [("t", 0), ("t", 1)]
    deadline = time.monotonic() + 10
    assert _ends(cluster, places, deadline) == dict.fromkeys(places, 0)
    server.kill()
    server.start()
    server.wait_ready()
    assert _ends(cluster, places, time.monotonic() + 10) == dict.fromkeys(places, 0)


def _ends(cluster: Cluster, places: list[tuple[str, int]], deadline: float) -> dict[tuple[str, int], int]:
    while True:
        try:
            return cluster.end_offsets(places)
        except KafkaException:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
