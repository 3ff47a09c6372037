"""The example in the engine's folder runs as it says."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from tests.integration.engine_harness import PARTITIONS, read, until


def test_words_are_counted(kafka: str, tmp_path: Path) -> None:
    admin = AdminClient({"bootstrap.servers": kafka})
    names = ("lines", "counts", "counts.state", "lines.unreadable")
    for future in admin.create_topics([NewTopic(name, PARTITIONS, 1) for name in names]).values():
        future.result(20)
    producer = Producer({"bootstrap.servers": kafka})
    for line in (b"to be or not to be", b"\xff", b"that is"):
        producer.produce("lines", line, partition=0)
    assert producer.flush(10) == 0
    command = [sys.executable, "-m", "faust", "-A", "streams.engine.example", "worker", "--without-web", "-l", "error"]
    root = str(Path(__file__).parents[2])
    worker = subprocess.Popen(command, cwd=tmp_path, env=os.environ | {"KAFKA": kafka, "PYTHONPATH": root})
    try:
        until(lambda: len(_rows(kafka, "counts")) == 8, seconds=40, doing="all counts")
        assert sorted(_rows(kafka, "counts"))[:3] == [(b"be", b"1"), (b"be", b"2"), (b"is", b"1")]
        assert _rows(kafka, "lines.unreadable") == [(None, b"\xff")]
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(10) == 0
    finally:
        worker.kill()
        worker.wait(10)


def _rows(kafka: str, topic: str) -> list[tuple[bytes | None, bytes | None]]:
    return [row for rows in read(kafka, topic).values() for row in rows]
