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
from tests.bench.chart import Axis, chart

_PARTITIONS = (1, 4, 16, 64)
_WORKERS = (1, 2)
_MEASURED = "records/s"
_KEYS = (10_000, 100_000, 1_000_000, 5_000_000)


def main() -> None:
    """One row after the other."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=200_000)
    options = parser.parse_args()
    records = options.records
    chart(Axis("partitions", _MEASURED), ((str(each), _rate(records, partitions=each)) for each in _PARTITIONS))
    chart(Axis("workers", _MEASURED), ((str(each), _rate(records, workers=each)) for each in _WORKERS))
    chart(Axis("keys", _MEASURED), ((f"{each:,}", _rate(max(each, records), keys=each)) for each in _KEYS))


def _rate(records: int, *, keys: int = KEYS, partitions: int = PARTITIONS, workers: int = 1) -> float:
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        bootstrap = stack.enter_context(running_kafka(folder))
        make_topics(bootstrap, partitions)
        fill(bootstrap, records, keys=keys, partitions=partitions)
        for number in range(workers):
            stack.enter_context(running_worker(bootstrap, folder, name=f"w{number}"))
        reader = reader_of_all(bootstrap, partitions)
        found = throughput(reader, records)
        reader.close()
        return found


if __name__ == "__main__":
    main()
