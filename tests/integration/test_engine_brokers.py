"""One of three brokers is dead: the engine goes on with the others."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from confluent_kafka import KafkaException

from streams.engine.cluster import Cluster, TopicShape
from streams.engine.settings import EngineSettings
from tests.chaos.engine_campaign import campaign
from tests.chaos.proxied_cluster import ProxiedCluster
from tests.integration.engine_harness import PARTITIONS, Site, until


@pytest.fixture
def brokers(tmp_path: Path) -> Iterator[ProxiedCluster]:
    made = ProxiedCluster(tmp_path)
    try:
        made.configure()
        made.start()
        made.wait_ready()
        yield made
    finally:
        made.kill()
        made.proxy.close()


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_questions_are_answered_also_when_the_one_who_was_asked_is_dead(
    brokers: ProxiedCluster, tmp_path: Path
) -> None:
    site = Site(brokers.bootstrap, tmp_path)
    topic, places = f"{site.name}.in", [(f"{site.name}.in", number) for number in range(PARTITIONS)]
    settings = EngineSettings(
        bootstrap=brokers.bootstrap,
        group=site.name,
        worker="w1",
        data_dir=tmp_path / "w1",
        anchor=topic,
        changelog=f"{site.name}.state",
    )
    cluster = Cluster(settings)
    shapes = cluster.describe([topic])
    assert shapes[topic].partitions == PARTITIONS
    # The client sends questions about topics to the broker that it holds for the controller.
    asked = cluster._admin.list_topics(timeout=10).controller_id
    brokers.brokers[asked - 1].kill()

    def described() -> dict[str, TopicShape]:
        with suppress(KafkaException):
            return cluster.describe([topic])
        return {}

    def ends() -> dict[tuple[str, int], int]:
        with suppress(KafkaException):
            return cluster.end_offsets(places)
        return {}

    # Left alone, the client would go on asking the dead one for five minutes.
    until(lambda: described() == shapes, seconds=120, doing="the shape of a topic")
    until(lambda: ends() == dict.fromkeys(places, 0), seconds=120, doing="the ends of partitions")


@pytest.mark.slow
@pytest.mark.timeout(1_200)
def test_one_of_three_is_killed_and_every_record_counts_once(tmp_path: Path) -> None:
    verdict = campaign(tmp_path, seed=3, faults=["broker"], decks=2, at_once=(1,), brokers=3)
    assert verdict.is_clean, str(verdict)
