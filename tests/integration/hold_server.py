"""Runs one server for all workers of a test run, and ends it when the run's process ends, however it ends.

``python hold_server.py KIND DIRECTORY PID`` starts it, writes what clients need to ``DIRECTORY/ready.json`` and waits.
"""

import json
import os
import select
import shutil
import sys
from contextlib import suppress
from pathlib import Path

from deploy.embedded.errors import EmbeddedError
from deploy.embedded.kafka import Kafka
from deploy.embedded.postgres import Postgres
from deploy.embedded.registry import Registry
from deploy.embedded.server import Server
from tests.integration.quick_kafka import QuickKafka

#: A test run's data need not survive a power cut.
FAST = {"fsync": "off", "synchronous_commit": "on", "full_page_writes": "off"}


def make(kind: str, directory: Path) -> Server:
    """A server of this kind with its data in ``directory``."""
    if kind == "kafka":
        return QuickKafka(directory / "kafka")
    if kind == "registry":
        return Registry(directory / "registry")
    return Postgres(directory / "postgres", settings=FAST)


def describe(server: Server) -> dict[str, str | int]:
    """What a test needs to reach the server."""
    if isinstance(server, Kafka):
        return {"bootstrap": server.bootstrap}
    if isinstance(server, Registry):
        return {"url": server.url}
    assert isinstance(server, Postgres)
    return {"port": server.port, "password": server.password}


def publish(directory: Path, text: str) -> None:
    """Put ``ready.json`` in place in one step."""
    fresh = directory / "ready.json.new"
    fresh.write_text(text, encoding="utf-8")
    fresh.rename(directory / "ready.json")


def main(kind: str, directory: Path, pid: int) -> None:
    """Start, publish, wait for the end of ``pid``, clean up."""
    run = os.pidfd_open(pid)
    server = make(kind, directory)
    try:
        server.configure()
        server.start()
        server.wait_ready()
    except EmbeddedError as error:
        server.kill()
        publish(directory, json.dumps({"error": str(error)}))
        return
    publish(directory, json.dumps(describe(server)))
    select.select([run], [], [])
    server.kill()
    shutil.rmtree(directory, ignore_errors=True)
    with suppress(OSError):  # another server of the run may still be ending
        directory.parent.rmdir()


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))
