"""One of three brokers is dead: whoever asked it something asks the others, and is answered."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from connectors.delivery.reader import find_streams
from connectors.delivery.trouble import KafkaTrouble
from schemas import topics
from streams.engine.cluster import Cluster
from streams.engine.settings import EngineSettings
from tests.chaos.proxied_cluster import ProxiedCluster
from tests.integration.engine_harness import PARTITIONS, Site, until

TO = topics.to("dich", "person")


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
    topic = f"{site.name}.in"
    cluster, admin = Cluster(_settings(site)), AdminClient({"bootstrap.servers": brokers.bootstrap})
    site.admin.create_topics([NewTopic(TO, 1)])[TO].result(60)
    until(lambda: TO in site.admin.list_topics(timeout=10).topics, seconds=60, doing="the topic to be known")
    shapes, streams = cluster.describe([topic]), find_streams(admin, "dich", "person")
    assert (shapes[topic].partitions, len(streams)) == (PARTITIONS, 1)
    for client, ask, known in (
        (cluster._admin, lambda: cluster.describe([topic]), shapes),
        (admin, lambda: find_streams(admin, "dich", "person"), streams),
    ):
        # It sends questions about topics to the broker that it holds for the controller, and left alone, it would go on
        # asking the dead one for five minutes.
        victim = brokers.brokers[client.list_topics(timeout=10).controller_id - 1]
        victim.kill()
        until(lambda ask=ask, known=known: _answered(ask) == known, seconds=120, doing="an answer")  # type: ignore[misc]
        victim.start()
        brokers.wait_ready()


def _settings(site: Site) -> EngineSettings:
    return EngineSettings(
        bootstrap=site.kafka,
        group=site.name,
        worker="w1",
        data_dir=site.data / "w1",
        anchor=f"{site.name}.in",
        changelog=f"{site.name}.state",
    )


def _answered(ask: Callable[[], object]) -> object:
    with suppress(KafkaException, KafkaTrouble):
        return ask()
    return None
