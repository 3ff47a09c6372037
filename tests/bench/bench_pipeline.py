"""Microseconds per event of the steps alone, from a raw record to encoded state and deliveries. No Kafka, no disk.

python -m tests.bench.bench_pipeline [--scene pair|city] [--runs 200] [--profile]

The same few records are worked again and again from the same state, and the quickest run counts: whatever else the
machine does can only make a run slower.
"""

import argparse
import cProfile
import pstats
import time
from collections.abc import Callable

from streams.worker import Worker
from tests.bench.pipeline_scenes import Scene, SilentBatch, city, pair

RECORDS = 50
_SCENES: dict[str, Callable[[int], Scene]] = {"pair": pair, "city": city}


def quickest(one: Worker, batch: SilentBatch, runs: int) -> float:
    """Microseconds of CPU an event; the batch has been worked when it returns."""
    before, best = batch.state.entries.copy(), float("inf")
    for _ in range(runs):
        batch.state.entries = before.copy()
        started = time.process_time_ns()
        one.process(batch)
        best = min(best, time.process_time_ns() - started)
    return best / 1000 / len(batch.records)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--scene", choices=_SCENES, action="append")
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--profile", action="store_true")
    arguments = parser.parse_args()
    for name in arguments.scene or _SCENES:
        scene, profile = _SCENES[name](RECORDS), cProfile.Profile()
        for part in scene.parts:
            found = [quickest(scene.worker, batch, arguments.runs) for batch in part.batches]
            print(f"{name}: {part.name}: {sum(found) / len(found):.1f} us an event")
            if arguments.profile:
                profile.runcall(quickest, scene.worker, part.batches[0], arguments.runs)
        assert SilentBatch.sent >= arguments.runs * RECORDS
        if arguments.profile:
            pstats.Stats(profile).sort_stats("tottime").print_stats(40)


if __name__ == "__main__":
    main()
