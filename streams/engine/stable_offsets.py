"""Last stable offsets that stand still: a transaction that nobody ends holds up all who read committed records."""

import time
from collections.abc import Iterable, Mapping

from streams.engine import metrics
from streams.engine.cluster import Cluster
from streams.engine.settings import EngineSettings

Place = tuple[str, int]


class Standing:
    """Remembers since when an offset has not moved."""

    def __init__(self) -> None:
        self._since: dict[Place, tuple[int, float]] = {}

    def look(self, stable: Mapping[Place, int], ends: Mapping[Place, int], *, now: float) -> dict[Place, float]:
        """Seconds for which each place's stable offset has stood before its end; 0 where nobody waits."""
        before, self._since = self._since, {}
        for place, offset in stable.items():
            if offset < ends[place]:
                known, since = before.get(place, (-1, now))
                self._since[place] = (offset, since if known == offset else now)
        return {place: now - self._since[place][1] if place in self._since else 0.0 for place in stable}


class StableOffsets:
    """Of the two topics that an engine's transactions write to; each partition is its owner's to watch."""

    def __init__(self, settings: EngineSettings, cluster: Cluster) -> None:
        self._settings = settings
        self._cluster = cluster
        self._standing = Standing()
        self._told: set[Place] = set()

    def look(self, numbers: Iterable[int]) -> None:
        """Ask about these partitions and tell the metric. Blocking. Raises KafkaException."""
        topics = (self._settings.anchor, self._settings.changelog)
        places = [(topic, number) for number in numbers for topic in topics]
        stable = self._cluster.stable_offsets(places)
        standing = self._standing.look(stable, self._cluster.end_offsets(places), now=time.monotonic())
        for topic, number in self._told - set(standing):
            metrics.STABLE_STANDING.remove(self._settings.group, topic, str(number))
        self._told = set(standing)
        for (topic, number), seconds in standing.items():
            metrics.STABLE_STANDING.labels(self._settings.group, topic, str(number)).set(seconds)
