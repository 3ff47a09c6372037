"""`python -m tests.unit.streams.replay source|compiled SEED ...`: digests of all that random histories lead to."""

import itertools
import random
import sys
import time
from hashlib import sha256

from schemas.compiled import use_sources

if sys.argv[1] == "source":
    use_sources()

from streams import pipeline
from tests.bench.pipeline_scenes import Scene, city, pair
from tests.chaos.memory_city import MemoryCity
from tests.unit.streams.memory import MemoryBatch, MemoryKafka

_EDITS = 60


def main() -> None:
    """First, a line that tells which body runs."""
    ticks = itertools.count(1_760_000_000_000_000_000, 1_000_000)
    time.time_ns = lambda: next(ticks)
    print("source" if pipeline.__file__.endswith(".py") else "compiled")
    for scene in (pair(200, subscribers=3), city(100)):
        print(_digest(_told(scene)))
    for seed in map(int, sys.argv[2:]):
        history = MemoryCity(random.Random(seed), is_noted=bool(seed % 2))
        history.work(_EDITS)
        history.come_to_rest()
        print(seed, _digest(history.kafka))


def _told(scene: Scene) -> MemoryKafka:
    kafka = scene.parts[0].batches[0].kafka
    for part in scene.parts:
        for one in part.batches:
            scene.worker.process(MemoryBatch(one.topic, one.partition, one.records, one.state, kafka))
    return kafka


def _digest(kafka: MemoryKafka) -> str:
    found = sha256()
    for place, log in sorted(kafka.logs.items()):
        for record in log:
            found.update(repr((place, record.key, record.value, record.headers)).encode())
    for number, state in sorted(kafka.states.items()):
        found.update(repr((number, sorted(state.entries.items()))).encode())
    return found.hexdigest()


if __name__ == "__main__":
    main()
