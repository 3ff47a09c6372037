"""What comes back: a sink that was frozen, a target that was restored. No row goes back for good, none is skipped."""

import signal
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import psycopg
import pytest

from deploy.embedded.kafka import Kafka
from schemas.registry import Registry
from tests.integration import delivery_city
from tests.integration.delivery_city import DeliveryCity, delivery, gone
from tests.integration.shared_servers import SharedPostgres

_FENCED = 3
#: Each start is one of Python: a busy machine takes its time.
until = partial(delivery_city.until, seconds=120)


@pytest.fixture
def city(own_kafka: Kafka, registry: str, postgres: SharedPostgres, tmp_path: Path) -> Iterator[DeliveryCity]:
    made = DeliveryCity(own_kafka.bootstrap, Registry(registry), postgres.dsn(postgres.create_database()), tmp_path)
    yield made
    made.close()


def test_a_sink_that_was_frozen_in_a_write_and_wakes_up_writes_nothing_more(city: DeliveryCity) -> None:
    first = city.start()
    city.deliver(delivery("k#1", full_name="An"))
    until(lambda: city.position() == 1, doing="the first delivery")
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    with city.connection.transaction():
        city.connection.execute("LOCK nhan_khau")
        city.deliver(delivery("k#1", version=2, full_name="Bình"))
        until(lambda: city.connection.execute(waiting).fetchone() == (1,), doing="the write to wait")
        first.send_signal(signal.SIGSTOP)
    # Its statement is done by now, in a transaction that it cannot commit.
    city.start()
    city.deliver(delivery("k#1", version=3, full_name="Chi"), gone("k#2"))
    until(lambda: city.position() == 4, doing="the second to take over")
    first.send_signal(signal.SIGCONT)
    assert first.wait(120) == _FENCED
    city.deliver(delivery("k#3", full_name="Dũng"))
    until(lambda: city.position() == 5, doing="the last delivery")
    assert city.rows() == {"k#1": "Chi", "k#3": "Dũng"}
    written = city.connection.execute("SELECT ho_ten FROM lich_su WHERE ma = 'k#1' ORDER BY so").fetchall()
    assert [name for (name,) in written][-1] == "Chi"
    assert [name for (name,) in written].count("An") == 1


def test_a_target_that_was_restored_from_a_copy_gets_what_it_lacks(
    city: DeliveryCity, postgres: SharedPostgres
) -> None:
    first = city.start()
    city.deliver(*(delivery(f"k#{number}", full_name="An") for number in range(5)))
    until(lambda: city.position() == 5, doing="the first deliveries")
    first.send_signal(signal.SIGTERM)
    assert first.wait(60) == 0
    [name] = city.connection.execute("SELECT current_database()").fetchone() or ("",)
    city.connection.close()
    with psycopg.connect(postgres.dsn("postgres"), autocommit=True) as server:
        server.execute(f"CREATE DATABASE {name}_copy TEMPLATE {name}".encode())
        second = city.start()
        city.connection = psycopg.connect(city.dsn, autocommit=True)
        city.deliver(delivery("k#1", version=2, full_name="Bình"), gone("k#2"), delivery("k#5", full_name="Chi"))
        until(lambda: city.position() == 8, doing="what the copy does not have")
        city.connection.close()
        server.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())
        server.execute(f"ALTER DATABASE {name}_copy RENAME TO {name}".encode())
    city.connection = psycopg.connect(city.dsn, autocommit=True)
    assert city.position() == 5
    assert second.wait(120) == _FENCED  # and whoever keeps it starts it again
    city.start()
    until(lambda: city.position() == 8, doing="the deliveries again")
    assert city.rows() == {"k#0": "An", "k#1": "Bình", "k#3": "An", "k#4": "An", "k#5": "Chi"}
