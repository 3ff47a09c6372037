"""How long a record that nobody can read holds its partition up: until its dead letter, by Kafka's clock.

python -m tests.bench.bench_poison [--records 1000]

The five systems of the campaigns, officers who write all the while, nothing else broken. Genuine records of every
stage, damaged in every place, come fifty at a time. At the end every system must hold what it is to hold, as in a
campaign.
"""

import argparse
import statistics
import tempfile
import time
from collections import defaultdict
from pathlib import Path
from typing import Final

from tests.chaos.calm_officers import CALM
from tests.chaos.city_verdict import dead_letters, faults_of
from tests.chaos.opening import open_yard
from tests.chaos.topic_faults import origin_of, poison
from tests.chaos.topic_tail import records
from tests.chaos.yard import Origin, Yard

_AT_ONCE: Final = 50
_PAUSE_SECONDS: Final = 0.1
_REST_SECONDS: Final = 240.0


def main() -> None:
    """A line a stage."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=1_000)
    options = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="lienthong-bench-") as folder,
        open_yard(Path(folder), 1, longest=1.0, officers=CALM) as yard,
    ):
        yard.shift.begin(10**6, seconds=10**6 * _PAUSE_SECONDS)
        while len(yard.buried) < options.records:
            poison(yard, min(_AT_ONCE, options.records - len(yard.buried)))
            time.sleep(1)
        yard.shift.end()
        wrong = faults_of(yard, seconds=_REST_SECONDS)
        print(
            f"{len(yard.poisons)} distinct, {yard.shift.edits} edits meanwhile; wrong at the end: {wrong or 'nothing'}"
        )
        print("| stage | records | p50; longest until its dead letter, ms |")
        print("|---|---|---|")
        for stage, waits in sorted(_waits(yard).items()):
            print(f"| {stage} | {len(waits)} | {statistics.median(waits):.0f}; {max(waits):.0f} |")


def _waits(yard: Yard) -> dict[str, list[int]]:
    """Milliseconds, by the topic that the record stood in."""
    written: dict[Origin, int] = {}
    for topic in {origin[0] for origin in yard.buried}:
        for message in records(yard.city.kafka.bootstrap, topic):
            written[origin_of(message)] = message.timestamp()[1]
    found = defaultdict(list)
    for origin, _, message in dead_letters(yard):
        if origin in yard.buried:
            found[origin[0]].append(message.timestamp()[1] - written[origin])
    return found


if __name__ == "__main__":
    main()
