"""Kafka, PostgreSQL and a registry of somebody's own, for as long as a block takes."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

from deploy.embedded.kafka import Kafka
from deploy.embedded.postgres import Postgres
from deploy.embedded.registry import Registry
from tests.integration.hold_server import FAST

_READY_SECONDS = 180.0


class Servers(NamedTuple):
    """All of them ready."""

    kafka: Kafka
    postgres: Postgres
    registry: Registry


@contextmanager
def standing_servers(folder: Path) -> Iterator[Servers]:
    """In a folder that has none yet. They start side by side, and are ended with the block, however that ends."""
    folder.chmod(0o755)  # PostgreSQL runs as somebody who is not root
    servers = Servers(
        Kafka(folder / "kafka"), Postgres(folder / "postgres", settings=FAST), Registry(folder / "registry")
    )
    with ExitStack() as stack:
        for server in servers:
            server.configure()
            stack.callback(server.kill)
            server.start()
        for server in servers:
            server.wait_ready(seconds=_READY_SECONDS)
        yield servers
