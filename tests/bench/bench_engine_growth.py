"""How the engine's throughput changes with partitions, workers and keys.

python -m tests.bench.bench_engine_growth [--records 200000]

Writes Markdown. Each row brings its own Kafka and begins with an empty state. The load is that of `bench_engine`: half
a kilobyte is read, counted under its key and sent on. Two workers share the machine's cores with Kafka.
"""

import argparse
import tempfile
from contextlib import ExitStack
from pathlib import Path

from tests.bench.bench_engine import KEYS, fill, reader_of_all, throughput
from tests.bench.bench_scene import PARTITIONS, make_topics, running_kafka, running_worker

_PARTITIONS = (1, 4, 16, 64)
_WORKERS = (1, 2)
_KEYS = (10_000, 100_000, 1_000_000)


def main() -> None:
    """One row after the other."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=200_000)
    options = parser.parse_args()
    print("| | records/s |")
    print("|---|---|")
    for partitions in _PARTITIONS:
        _row(f"{partitions} partitions", options.records, partitions=partitions)
    for workers in _WORKERS:
        _row(f"{workers} workers", options.records, workers=workers)
    for keys in _KEYS:
        _row(f"{keys:,} keys", max(keys, options.records), keys=keys)


def _row(what: str, records: int, *, keys: int = KEYS, partitions: int = PARTITIONS, workers: int = 1) -> None:
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        bootstrap = stack.enter_context(running_kafka(folder))
        make_topics(bootstrap, partitions)
        fill(bootstrap, records, keys=keys, partitions=partitions)
        for number in range(workers):
            stack.enter_context(running_worker(bootstrap, folder, name=f"w{number}"))
        reader = reader_of_all(bootstrap, partitions)
        print(f"| {what} | {throughput(reader, records):,.0f} |", flush=True)
        reader.close()


if __name__ == "__main__":
    main()
