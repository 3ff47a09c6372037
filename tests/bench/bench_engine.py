"""Measures the engine: records per second of a full queue, and the latency of a hop when idle.

Run it with ``python -m tests.bench.bench_engine``; it brings its own Kafka and takes about half a minute. A hop is
consume, read and write state, produce, commit, as seen by a read-committed consumer of the output.
"""

import argparse
import statistics
import tempfile
import time
from pathlib import Path

from confluent_kafka import Consumer, Producer, TopicPartition

from tests.bench.bench_scene import PARTITIONS, make_topics, running_kafka, running_worker

KEYS, VALUE = 20_000, b"x" * 460


def main() -> None:
    """Start everything, measure, print, stop everything."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=200_000)
    parser.add_argument("--hops", type=int, default=1_000)
    parser.add_argument("--rate", type=int, default=100, help="hops per second")
    parser.add_argument("--outputs", type=int, default=1, help="records sent for each record read")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, running_kafka(Path(folder)) as bootstrap:
        make_topics(bootstrap)
        fill(bootstrap, options.records)
        with running_worker(bootstrap, Path(folder), BENCH_OUTPUTS=str(options.outputs)):
            reader = reader_of_all(bootstrap)
            expected = options.records * options.outputs
            print(f"throughput: {throughput(reader, expected) / options.outputs:,.0f} records/s")
            _print_latency(_hops(bootstrap, reader, count=options.hops, rate=options.rate, outputs=options.outputs))
            reader.close()


def fill(bootstrap: str, count: int, *, keys: int = KEYS, partitions: int = PARTITIONS) -> None:
    """So many records, each key in a partition of its own choosing."""
    producer = Producer({"bootstrap.servers": bootstrap, "linger.ms": 20, "queue.buffering.max.messages": 1_000_000})
    for number in range(count):
        producer.produce("bench.in", VALUE, b"key-%d" % (number % keys), number % keys % partitions)
        producer.poll(0)
    producer.flush(60)


def reader_of_all(bootstrap: str, partitions: int = PARTITIONS) -> Consumer:
    """Reads every result, from the beginning."""
    settings = {"bootstrap.servers": bootstrap, "group.id": "bench-reader", "isolation.level": "read_committed"}
    reader = Consumer(settings | {"auto.offset.reset": "earliest", "fetch.wait.max.ms": 10})
    reader.assign([TopicPartition("bench.out", number, 0) for number in range(partitions)])
    return reader


def throughput(reader: Consumer, expected: int) -> float:
    """Results a second, from the first result to the last, so that the start of the worker does not count."""
    while (first := reader.poll(0.1)) is None:
        pass
    assert first.error() is None
    began, seen = time.perf_counter(), 1
    while seen < expected:
        seen += len(reader.consume(10_000, 0.05))
    return seen / (time.perf_counter() - began)


def _hops(bootstrap: str, reader: Consumer, *, count: int, rate: int, outputs: int) -> list[float]:
    """Milliseconds from produce to the result, one record at a time at a steady rate."""
    producer = Producer({"bootstrap.servers": bootstrap, "linger.ms": 0})
    latencies = []
    for number in range(count):
        sent = time.perf_counter()
        producer.produce("bench.in", VALUE, b"key-%d" % number, number % PARTITIONS)
        producer.flush(5)
        for _ in range(outputs):
            while (message := reader.poll(5)) is None or message.error() is not None:
                pass
        done = time.perf_counter()
        latencies.append((done - sent) * 1000)
        time.sleep(max(0.0, 1 / rate - (done - sent)))
    return latencies


def _print_latency(latencies: list[float]) -> None:
    cuts = statistics.quantiles(latencies, n=100)
    print(f"hop, ms: p50 {cuts[49]:.1f}  p95 {cuts[94]:.1f}  p99 {cuts[98]:.1f}")


if __name__ == "__main__":
    main()
