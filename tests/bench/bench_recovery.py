"""Measures recovery: keys per second from an empty folder, and the seconds of a restart on a folder that is there.

Run it with ``python -m tests.bench.bench_recovery``; it brings its own Kafka and takes about half a minute. The worker
that was warm is killed with -9 before each restart. Seconds count from the assignment of the partitions; the memory is
what the process holds when it is ready.
"""

import argparse
import json
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

from confluent_kafka import Producer

from tests.bench.bench_scene import PARTITIONS, make_topics, running_kafka, running_worker

VALUE = b"x" * 460
_PATIENCE_SECONDS = 600.0


def main() -> None:
    """Start everything, measure, print, stop everything."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--keys", type=int, default=200_000)
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, running_kafka(Path(name)) as bootstrap:
        folder = Path(name)
        make_topics(bootstrap)
        _fill(bootstrap, options.keys)
        for _ in range(options.runs):
            shutil.rmtree(folder / "state", ignore_errors=True)
            cold = _recover(bootstrap, folder)
            assert cold["restored"] == options.keys, cold
            rate = options.keys / cold["seconds"]
            print(f"cold: {options.keys:,} keys in {cold['seconds']:.1f} s, {rate:,.0f} keys/s, {cold['memory']:,} kB")
            warm = _recover(bootstrap, folder)
            print(f"warm: {warm['restored']} read in {warm['seconds']:.2f} s, {warm['memory']:,} kB")


def _fill(bootstrap: str, keys: int) -> None:
    producer = Producer({"bootstrap.servers": bootstrap, "linger.ms": 20, "queue.buffering.max.messages": 1_000_000})
    for number in range(keys):
        while True:
            try:
                producer.produce("bench.state", VALUE, b"key-%d" % number, number % PARTITIONS)
                break
            except BufferError:
                producer.poll(0.1)
    assert producer.flush(_PATIENCE_SECONDS) == 0


def _recover(bootstrap: str, folder: Path) -> dict[str, Any]:
    """What the worker says of its recovery, and its memory in kB; then it is killed."""
    with running_worker(bootstrap, folder) as worker:
        done = _await_done(worker, folder / "worker.log")
        status = Path(f"/proc/{worker.pid}/status").read_text()
        memory = next(line for line in status.splitlines() if line.startswith("VmRSS"))
        worker.send_signal(signal.SIGKILL)
    return {**done, "memory": int(memory.split()[1])}


def _await_done(worker: "subprocess.Popen[bytes]", log: Path) -> dict[str, Any]:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < deadline and worker.poll() is None:
        for line in log.read_text().splitlines():
            if '"recovery is done"' in line:
                told: dict[str, Any] = json.loads(line)
                return told
        time.sleep(0.1)
    raise AssertionError(f"the worker did not recover:\n{log.read_text()[-2_000:]}")


if __name__ == "__main__":
    main()
