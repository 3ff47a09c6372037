"""What the engine's benchmarks run on: a Kafka of their own, its topics, and `engine_app` as the worker."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from deploy.embedded.kafka import Kafka

PARTITIONS = 4


@contextmanager
def running_kafka(folder: Path) -> Iterator[str]:
    """Its bootstrap servers."""
    server = Kafka(folder / "kafka")
    server.configure()
    server.start()
    try:
        server.wait_ready()
        yield server.bootstrap
    finally:
        server.kill()


def make_topics(bootstrap: str, partitions: int = PARTITIONS) -> None:
    """What the worker reads and writes."""
    admin = AdminClient({"bootstrap.servers": bootstrap})
    topics = [NewTopic(f"bench.{name}", partitions, 1) for name in ("in", "out", "state")]
    for future in admin.create_topics(topics).values():
        future.result(20)


@contextmanager
def running_worker(
    bootstrap: str, folder: Path, *, name: str = "bench", **environment: str
) -> Iterator["subprocess.Popen[bytes]"]:
    """Logs into ``folder``; gets SIGTERM at the end."""
    data = folder / ("state" if name == "bench" else f"state-{name}")
    own = {"BENCH_KAFKA": bootstrap, "BENCH_DATA": str(data), "BENCH_WORKER": name}
    command = [sys.executable, "-m", "faust", "-A", "tests.bench.engine_app", "worker", "--without-web", "-l", "error"]
    with (
        (folder / f"{name}.log").open("wb") as log,
        subprocess.Popen(command, env=os.environ | own | environment, stdout=log, stderr=log) as process,
    ):
        try:
            yield process
        finally:
            process.terminate()
            process.wait(20)
