"""What a partition may have queued is bounded, however many topics feed it."""

from pathlib import Path

import pytest
from confluent_kafka import TopicPartition

from streams.engine.assignment import Assignment
from streams.engine.consumer import GroupConsumer
from streams.engine.partitions import Partition, SourceQueue
from streams.engine.records import Record
from streams.engine.settings import EngineSettings
from streams.engine.watchdog import Watchdog

_TOPICS = ("a", "b", "c", "d")


class Client:
    """In the place of the Kafka client: which topics it fetches no more."""

    def __init__(self) -> None:
        self.paused: set[str] = set()

    def pause(self, places: list[TopicPartition]) -> None:
        self.paused |= {place.topic for place in places}

    def resume(self, places: list[TopicPartition]) -> None:
        self.paused -= {place.topic for place in places}

    def get_watermark_offsets(self, _place: TopicPartition, *, cached: bool) -> tuple[int, int]:
        assert cached
        return 0, 0


class Scene:
    """A consumer of partition 0 of four topics, which may hold 4,000 bytes."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("streams.engine.consumer._BALANCE_SECONDS", 0.0)
        settings = EngineSettings(
            bootstrap="none", group="g", worker="w", data_dir=folder, anchor="a", changelog="s", high_water_bytes=4_000
        )
        self.client = Client()
        self.queues = {topic: SourceQueue() for topic in _TOPICS}
        self._consumer = GroupConsumer(settings, owner=None, watchdog=Watchdog(60))  # type: ignore[arg-type]
        assignment = Assignment(1, b"", {0: Partition(0, queues=self.queues)}, list(_TOPICS))
        self._consumer._assignment = assignment
        self._consumer._begin(assignment, dict.fromkeys(((topic, 0) for topic in _TOPICS), 0))

    def fill(self, topic: str, size: int) -> None:
        self.queues[topic].append([Record(topic, 0, 0, b"", b"x" * 100)] * (size // 100))

    def balance(self) -> set[str]:
        self._consumer._balance(self.client)  # type: ignore[arg-type]
        return self.client.paused


def test_each_topic_has_an_equal_share_and_goes_on_below_half_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene = Scene(tmp_path, monkeypatch)
    for topic in _TOPICS:
        scene.fill(topic, 900)
    assert scene.balance() == set()
    scene.fill("b", 200)
    assert scene.balance() == {"b"}
    scene.queues["b"].take(records=5, size=10_000)
    assert scene.balance() == {"b"}
    scene.queues["b"].take(records=2, size=10_000)
    assert scene.balance() == set()
