"""How the cost of the steps grows: with the size of a record, and with subscribers.

python -m tests.bench.bench_growth [--runs 100]

Writes Markdown. Microseconds of CPU an update of a known person takes, the quickest of many runs, as in
`bench_pipeline`: only the steps, no Kafka and no disk.
"""

import argparse

from tests.bench.bench_pipeline import RECORDS, quickest
from tests.bench.chart import Axis, chart
from tests.bench.pipeline_scenes import Scene, pair

_TEXTS = (0, 1_000, 5_000, 20_000)
_SUBSCRIBERS = (1, 2, 5, 10, 20, 50)


def _update(scene: Scene, runs: int) -> float:
    """Of the last part, in a state that has met all others."""
    for part in scene.parts[:-1]:
        for batch in part.batches:
            scene.worker.process(batch)
    return quickest(scene.worker, scene.parts[-1].batches[0], runs)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=100)
    runs = parser.parse_args().runs
    chart(
        Axis("KB a record", "us an update"),
        ((f"{0.3 + text / 1000:.1f}", _update(pair(RECORDS, more_text=text), runs)) for text in _TEXTS),
    )
    chart(
        Axis("subscribers of one projection", "us an update"),
        ((str(count), _update(pair(RECORDS, subscribers=count), runs)) for count in _SUBSCRIBERS),
    )


if __name__ == "__main__":
    main()
