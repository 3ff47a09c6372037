"""Real servers for the integration tests. The shared ones start when a test first asks for them."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from shutil import rmtree

import pytest

from deploy.embedded.kafka import Kafka
from deploy.embedded.postgres import Postgres
from tests.integration.hold_server import FAST
from tests.integration.quick_kafka import QuickKafka
from tests.integration.shared_servers import SharedPostgres, ask_for


@pytest.fixture(scope="session")
def kafka() -> str:
    """Bootstrap servers of the run's Kafka. Topics are not created by accident; name yours uniquely."""
    return str(ask_for("kafka")["bootstrap"])


@pytest.fixture(scope="session")
def registry() -> str:
    """URL of the run's schema registry (Confluent API). Name subjects uniquely."""
    return str(ask_for("registry")["url"])


@pytest.fixture(scope="session")
def postgres() -> SharedPostgres:
    """The run's PostgreSQL; ``dsn(create_database())`` reaches a database of the test's own."""
    found = ask_for("postgres")
    return SharedPostgres(port=int(found["port"]), password=str(found["password"]))


@pytest.fixture
def server_directory() -> Iterator[Path]:
    """A directory that the user as whom PostgreSQL runs can enter, which pytest's own is not for root's tests."""
    with tempfile.TemporaryDirectory(prefix="lienthong-test-", ignore_cleanup_errors=True) as name:
        directory = Path(name)
        directory.chmod(0o755)
        yield directory
        rmtree(directory, ignore_errors=True)


@pytest.fixture(scope="module")
def own_kafka() -> Iterator[Kafka]:
    """A Kafka of the module's own: the catalogue and the connectors' states are one topic each in a Kafka."""
    with (
        tempfile.TemporaryDirectory(prefix="lienthong-test-", ignore_cleanup_errors=True) as name,
        ExitStack() as stack,
    ):
        server = QuickKafka(Path(name) / "kafka")
        server.configure()
        stack.callback(server.kill)
        server.start()
        server.wait_ready()
        yield server


@pytest.fixture
def private_kafka(server_directory: Path) -> Iterator[Callable[[], Kafka]]:
    """Starts a Kafka of the test's own, to ``kill()``, ``start()`` and ``wait_ready()`` again; ended after the test."""
    with ExitStack() as stack:

        def start() -> Kafka:
            server = QuickKafka(Path(tempfile.mkdtemp(dir=server_directory)) / "kafka")
            server.configure()
            stack.callback(server.kill)
            server.start()
            server.wait_ready()
            return server

        yield start


@pytest.fixture
def private_postgres(server_directory: Path) -> Iterator[Callable[[], Postgres]]:
    """Starts a PostgreSQL of the test's own, likewise; it has ``dsn()`` and the superuser's ``password``."""
    with ExitStack() as stack:

        def start() -> Postgres:
            home = Path(tempfile.mkdtemp(dir=server_directory))
            home.chmod(0o755)
            server = Postgres(home / "postgres", settings=FAST)
            server.configure()
            stack.callback(server.kill)
            server.start()
            server.wait_ready()
            return server

        yield start
