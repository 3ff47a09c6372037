"""`python -m connectors.run_sink` delivering to a service, killed where it hurts: between the answer and the commit."""

import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp

import pytest
from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

from deploy.embedded.kafka import Kafka
from schemas import catalogue_topic
from schemas.catalogue import compile_catalogue
from schemas.kafka import consumer_settings
from schemas.manifest import Manifest
from schemas.registry import Registry
from tests.integration.delivery_city import DeliveryCity, delivery, gone, until
from tests.integration.quick_kafka import QuickKafka
from tests.integration.rest_service import TOKEN, Fault, Service, serving
from tests.integration.shared_servers import SharedPostgres


@pytest.fixture(scope="module")
def own_kafka() -> Iterator[Kafka]:
    """The catalogue and the connectors' states are one topic each in a Kafka."""
    home = Path(mkdtemp(prefix="lienthong-test-"))
    home.chmod(0o755)
    server = QuickKafka(home / "kafka")
    server.configure()
    with ExitStack() as stack:
        stack.callback(rmtree, home, ignore_errors=True)
        stack.callback(server.kill)
        server.start()
        server.wait_ready()
        yield server


class RestCity(DeliveryCity):
    """Its target is a service."""

    service: Service

    def apply(self, revision: int) -> None:
        (self.home / "token").write_text(TOKEN)
        connect = {"kind": "rest", "url": self.service.url, "headers": {"Authorization": "${file:token}"}}
        subscription = {"into": "nguoi", "key": {"ma": "key"}, "fields": self.fields, "purpose": "kiểm tra"}
        body = {"system": self.system, "connect": connect, "subscribes": {"person": subscription}}
        catalogue_topic.publish(self.settings, compile_catalogue([Manifest.model_validate(body)], revision))

    def position(self) -> int:
        """-1001 also while the group's coordinator is still loading."""
        consumer = Consumer(consumer_settings(self.bootstrap, f"lienthong.position.{self.system}"))
        try:
            [found] = consumer.committed([TopicPartition(self.topic, 0)], 20)
            return int(found.offset)
        except KafkaException as error:
            if error.args[0].code() not in (KafkaError.NOT_COORDINATOR, KafkaError.COORDINATOR_LOAD_IN_PROGRESS):
                raise
            return -1001
        finally:
            consumer.close()


@pytest.fixture
def city(own_kafka: Kafka, registry: str, postgres: SharedPostgres, tmp_path: Path) -> Iterator[RestCity]:
    with serving(Service()) as service:
        RestCity.service = service
        made = RestCity(own_kafka.bootstrap, Registry(registry), postgres.dsn(postgres.create_database()), tmp_path)
        yield made
        made.close()


def test_deliveries_arrive_and_bad_ones_are_buried(city: RestCity) -> None:
    long = "Nguyễn Thị " * 5
    city.deliver(delivery("k#0", full_name="An"), delivery("k#1", full_name=long), delivery("k#2", full_name="Chi"))
    city.deliver(gone("k#0", "citizen_id:001090000001"), gone("k#2"))
    process = city.start()
    until(lambda: city.position() == 5, doing="the deliveries")
    assert {key: row["ho_ten"] for key, row in city.service.rows.items()} == {"citizen_id:001090000001": "An"}
    [letter] = city.dead_letters()
    assert (letter["offset"], letter["reason"], letter["field"]) == (1, "value_too_long", "ho_ten")
    assert "Nguyễn" not in letter["message"]
    until(lambda: sum(each["count"] for each in city.outcomes()) == 5, doing="the outcomes")
    process.terminate()
    assert process.wait(10) == 0
    assert "k%230" not in city.log()
    assert TOKEN not in city.log()


def test_killed_between_the_answer_and_the_commit_it_only_repeats(city: RestCity) -> None:
    count = 40
    city.deliver(*(delivery(f"k#{n % 7}", version=n + 1, full_name=f"Người {n}") for n in range(count)))
    for fault_at in (13, 29, 40):
        released = threading.Event()
        city.service.heard.clear()
        city.service.faults.extend([*[None] * (fault_at - 1), Fault(status=200, applied=True, until=released)])
        process = city.start()
        until(lambda at=fault_at: len(city.service.heard) == at, doing="some deliveries")  # type: ignore[misc]
        process.kill()
        process.wait()
        released.set()
        assert city.position() <= 0
    before = {heard.key: heard for heard in city.service.heard}
    city.service.heard.clear()
    city.start()
    until(lambda: city.position() == count, doing="the deliveries")
    again = {heard.key: heard for heard in city.service.heard}
    assert len(again) == len(city.service.heard) == count
    for key, heard in before.items():
        assert (again[key].path, again[key].body) == (heard.path, heard.body)
        assert again[key].headers["x-version"] == heard.headers["x-version"]
    rows = {key: row["ho_ten"] for key, row in city.service.rows.items()}
    assert rows == {f"k#{n % 7}": f"Người {n}" for n in range(count)}
    until(lambda: sum(each["count"] for each in city.outcomes()) == count, doing="the outcomes")


def test_two_at_once_one_goes_on(city: RestCity) -> None:
    first = city.start()
    city.deliver(delivery("k#0", full_name="An"))
    until(lambda: city.position() == 1, doing="the first delivery")
    second = city.start()
    until(lambda: city.says("streaming") and len(city.log().split('"delivering"')) > 2, doing="the second sink")
    city.deliver(delivery("k#1", full_name="Bình"))
    assert first.wait(20) == 3
    until(lambda: city.position() == 2, doing="the second delivery")
    assert second.poll() is None
    assert sorted(city.service.rows) == ["k#0", "k#1"]
