"""`python -m connectors.run_sink` against a real Kafka, registry and PostgreSQL."""

import signal
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import psycopg
import pytest
from confluent_kafka import Producer, TopicPartition
from confluent_kafka.admin import AlterConfigOpType, ConfigEntry, ConfigResource  # type: ignore[attr-defined]

from connectors.run_sink import SinkProcess
from deploy.embedded.kafka import Kafka
from deploy.embedded.ports import free_port
from deploy.embedded.postgres import Postgres
from schemas import topics
from schemas.kafka import producer_settings
from schemas.registry import Registry
from schemas.sealing import Seal
from tests.integration.delivery_city import DeliveryCity, delivery, gone, until
from tests.integration.shared_servers import SharedPostgres


@pytest.fixture
def city(own_kafka: Kafka, registry: str, postgres: SharedPostgres, tmp_path: Path) -> Iterator[DeliveryCity]:
    dsn = postgres.dsn(postgres.create_database())
    made = DeliveryCity(own_kafka.bootstrap, Registry(registry), dsn, tmp_path)
    yield made
    made.close()


@pytest.fixture
def inside(city: DeliveryCity) -> Iterator[Callable[[], SinkProcess]]:
    """Runs the sink in a thread of the test, for what needs no process of its own."""
    with ExitStack() as stack:

        def start() -> SinkProcess:
            process = SinkProcess(city.system, city.settings)
            thread = threading.Thread(target=process.run)
            thread.start()
            stack.callback(thread.join)
            stack.callback(process.stop)
            return process

        yield start


def test_deliveries_arrive_and_are_accounted_for(city: DeliveryCity) -> None:
    port = free_port()
    process = city.start(LIENTHONG_METRICS_PORT=str(port))
    city.deliver(delivery("ho_tich#1", full_name="Nguyễn Văn An", birth_date="1990-05-12"), delivery("ho_tich#2"))
    until(lambda: city.position() == 2, doing="the first deliveries")
    city.deliver(gone("ho_tich#1", "citizen_id:001090000001"), gone("ho_tich#2"), delivery("citizen_id:001090000001"))
    city.deliver(delivery("ho_tich#3", full_name="Đỗ Thị Bình", birth_date="1971-02-03"))
    until(lambda: city.position() == 6, doing="the other deliveries")
    assert city.rows() == {"citizen_id:001090000001": None, "ho_tich#3": "Đỗ Thị Bình"}
    assert city.connection.execute("SELECT ngay_sinh FROM nhan_khau WHERE ma = 'ho_tich#3'").fetchone() == (
        "03/02/1971",
    )
    until(lambda: sum(each["count"] for each in city.outcomes()) == 6, doing="the outcomes")
    assert {(each["result"], each["topic"]) for each in city.outcomes()} == {("delivered", city.topic)}
    assert all(each["oldest_source_time"] > 0 for each in city.outcomes())
    until(lambda: city.says("streaming"), doing="the state")
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
        metrics = answer.read().decode()
    label = f'{{entity="person",system="{city.system}"}}'
    assert f"lienthong_delivered_total{label} 6.0" in metrics
    per_source = label.replace("system=", 'source="ho_tich",system=')
    assert f"lienthong_delivery_seconds_count{per_source} 6.0" in metrics
    assert f"lienthong_sink_lag_records{label} 0.0" in metrics
    assert f'lienthong_connector_up{{role="sink",system="{city.system}"}} 1.0' in metrics
    began = time.monotonic()
    process.send_signal(signal.SIGTERM)
    assert process.wait(10) == 0
    assert time.monotonic() - began < 5
    assert city.says("stopped")
    assert "An" not in city.log()


def test_an_idle_sink_delivers_within_moments(city: DeliveryCity, inside: Callable[[], SinkProcess]) -> None:
    inside()
    until(lambda: city.says("streaming"), doing="the sink")
    took = []
    for number in range(20):
        began = time.monotonic()
        city.deliver(delivery(f"k#{number}", full_name="An"))
        until(lambda number=number: city.position() == number + 1, doing="a delivery")  # type: ignore[misc]
        took.append(time.monotonic() - began)
    assert sorted(took)[10] < 0.25


def test_bad_records_are_buried_and_the_others_arrive(city: DeliveryCity, inside: Callable[[], SinkProcess]) -> None:
    long = "Nguyễn Thị " * 5
    city.deliver(
        delivery("k#0", full_name="An"),
        delivery("k#1", full_name=long),
        b"khong phai Avro",
        delivery("k#3", full_name="Chi", birth_date="1990"),
        delivery("k#4", full_name="a\0b"),
        delivery("k#5", full_name="Em"),
    )
    inside()
    until(lambda: city.position() == 6, doing="the deliveries")
    assert city.rows() == {"k#0": "An", "k#5": "Em"}
    letters = {letter["offset"]: letter for letter in city.dead_letters()}
    assert sorted(letters) == [1, 2, 3, 4]
    assert {letter["stage"] for letter in letters.values()} == {"sink"}
    assert (letters[1]["reason"], letters[1]["field"]) == ("value_too_long", "ho_ten")
    assert letters[2]["reason"] == "undecodable"
    assert letters[3]["field"] == "ngay_sinh"
    assert letters[4]["reason"] == "nul_in_text"
    seal = Seal.from_file(city.home / "dead_letter_key")
    assert seal.open(letters[2]["payload"] or b"") == b"khong phai Avro"
    assert not any(value in letter["message"] for letter in letters.values() for value in ("Nguyễn", "1990", "phai"))
    until(lambda: len(city.outcomes()) == 5, doing="the outcomes")
    quarantined = [each for each in city.outcomes() if each["result"] == "quarantined"]
    assert sorted((each["first"], each["reason"]) for each in quarantined) == [
        (offset, letters[offset]["reason"]) for offset in (1, 2, 3, 4)
    ]
    [delivered] = [each for each in city.outcomes() if each["result"] == "delivered"]
    assert (delivered["first"], delivered["last"], delivered["count"]) == (0, 5, 2)


def test_killed_again_and_again_nothing_is_lost_or_written_twice(city: DeliveryCity) -> None:
    count = 4000
    for start in range(0, count, 1000):
        city.deliver(*(delivery(f"k#{n % 700}", full_name=f"Người {n}") for n in range(start, start + 1000)))
        process = city.start()
        until(lambda start=start: city.position() > start, doing="some deliveries")  # type: ignore[misc]
        process.kill()
        process.wait()
    city.start()
    until(lambda: city.position() == count, doing="all deliveries")
    assert city.rows() == {f"k#{n % 700}": f"Người {n}" for n in range(count)}
    history = city.connection.execute("SELECT ma, array_agg(ho_ten ORDER BY so) FROM lich_su GROUP BY ma").fetchall()
    for _, names in history:
        numbers = [int(name.split()[1]) for name in names]
        assert numbers == sorted(set(numbers))
    until(lambda: sum(each["count"] for each in city.outcomes()) >= count, doing="the outcomes")
    ranges = sorted((each["first"], each["last"]) for each in city.outcomes())
    assert [first for first, _ in ranges] == [0, *(last + 1 for _, last in ranges[:-1])]


def test_what_a_dead_process_did_not_report_is_reported(city: DeliveryCity, inside: Callable[[], SinkProcess]) -> None:
    city.deliver(delivery("k#0", full_name="An"))
    process = city.start()
    until(lambda: city.says("streaming") and len(city.outcomes()) == 1, doing="the first delivery")
    process.kill()
    process.wait()
    long = "Nguyễn Thị " * 5
    city.deliver(delivery("k#1", full_name="Bình"), delivery("k#2", full_name=long), delivery("k#3", full_name="Chi"))
    city.write_without_report()
    assert (city.position(), len(city.outcomes()), len(city.dead_letters())) == (4, 1, 1)
    inside()
    until(lambda: len(city.outcomes()) >= 3, doing="the other outcomes")
    told = [(each["result"], each["first"], each["last"], each["count"]) for each in city.outcomes()]
    assert told == [("delivered", 0, 0, 1), ("quarantined", 2, 2, 1), ("delivered", 1, 3, 2)]
    assert city.outcomes()[1]["reason"] == "value_too_long"
    assert (city.state() or {"generation": 0})["generation"] == 2


def test_a_second_process_takes_over_and_the_first_ends(city: DeliveryCity) -> None:
    first = city.start()
    city.deliver(delivery("k#1", full_name="An"))
    until(lambda: city.position() == 1, doing="the first")
    city.start()
    until(lambda: city.log().count('"delivering"') == 2, doing="the second")
    city.deliver(delivery("k#1", full_name="Bình"))
    assert first.wait(10) == 3
    until(lambda: city.position() == 2, doing="the delivery")
    assert city.rows() == {"k#1": "Bình"}
    assert "another process delivers to this system" in city.log()
    assert city.processes[1].poll() is None


def test_a_target_that_goes_away_is_waited_for(
    own_kafka: Kafka, registry: str, private_postgres: Callable[[], Postgres], tmp_path: Path
) -> None:
    server = private_postgres()
    with closing(DeliveryCity(own_kafka.bootstrap, Registry(registry), server.dsn(), tmp_path)) as city:
        city.start()
        city.deliver(delivery("k#1", full_name="An"))
        until(lambda: city.position() == 1, doing="the first delivery")
        server.kill()
        city.deliver(*(delivery(f"k#{number}", full_name="Bình") for number in range(10)))
        until(lambda: city.says("retrying"), doing="the sink to see it")
        assert (city.state() or {"message": ""})["message"]
        server.start()
        server.wait_ready()
        city.connection = psycopg.connect(server.dsn(), autocommit=True)
        began = time.monotonic()
        until(lambda: city.position() == 11, doing="the others")
        assert time.monotonic() - began < 5
        until(lambda: city.says("streaming"), doing="the state")
        assert city.rows() == {f"k#{number}": "Bình" for number in range(10)}
        assert city.dead_letters() == []


def test_a_target_that_blocks_does_not_hold_up_the_end(city: DeliveryCity) -> None:
    process = city.start()
    until(lambda: city.position() == 0, doing="the sink")
    with city.connection.transaction():
        city.connection.execute("LOCK nhan_khau")
        city.deliver(delivery("k#1", full_name="An"))
        waiting = (
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        until(lambda: city.connection.execute(waiting).fetchone() == (1,), doing="the write to wait")
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
        assert time.monotonic() - began < 5
    city.start()
    until(lambda: city.position() == 1, doing="the delivery")
    assert city.rows() == {"k#1": "An"}


def test_a_broker_that_goes_away_is_waited_for(
    private_kafka: Callable[[], Kafka], registry: str, postgres: SharedPostgres, tmp_path: Path
) -> None:
    broker = private_kafka()
    with closing(
        DeliveryCity(broker.bootstrap, Registry(registry), postgres.dsn(postgres.create_database()), tmp_path)
    ) as city:
        process = city.start()
        city.deliver(delivery("k#1", full_name="An"))
        until(lambda: city.position() == 1, doing="the first delivery")
        broker.kill()
        until(lambda: "waiting to deliver" in city.log(), doing="the sink to see it")
        broker.start()
        broker.wait_ready()
        city.deliver(delivery("k#2", full_name="Bình"))
        until(lambda: city.position() == 2, doing="the second delivery")
        assert process.poll() is None


def test_a_table_that_is_missing_is_waited_for(city: DeliveryCity, inside: Callable[[], SinkProcess]) -> None:
    city.connection.execute("ALTER TABLE nhan_khau RENAME TO chua_co")
    city.deliver(delivery("k#1", full_name="An"))
    inside()
    until(lambda: city.says("retrying"), doing="the sink to see it")
    assert "create it" in (city.state() or {"message": ""})["message"]
    city.connection.execute("ALTER TABLE chua_co RENAME TO nhan_khau")
    until(lambda: city.position() == 1, doing="the delivery")


def test_a_recreated_topic_is_read_from_its_beginning(city: DeliveryCity, inside: Callable[[], SinkProcess]) -> None:
    city.deliver(*(delivery(f"k#{number}", full_name="An") for number in range(3)))
    process = inside()
    until(lambda: city.position() == 3, doing="the deliveries")
    city.admin.delete_topics([city.topic])[city.topic].result(10)
    until(lambda: city.topic not in city.admin.list_topics(timeout=10).topics, doing="the topic to go")
    city.create(topics.delivery_topic(city.system, "person"))
    city.deliver(delivery("k#1", full_name="Bình"))
    until(lambda: city.rows()["k#1"] == "Bình", doing="the new topic's delivery")
    assert city.position() == 1
    process.stop()


def test_a_topic_shortened_beyond_us_is_read_on(city: DeliveryCity, inside: Callable[[], SinkProcess]) -> None:
    city.deliver(delivery("k#0", full_name="An"))
    first = inside()
    until(lambda: city.position() == 1, doing="the first delivery")
    first.stop()
    until(lambda: city.says("stopped"), doing="the first to stop")
    city.deliver(*(delivery(f"k#{number}", full_name="An") for number in range(1, 6)))
    # Compaction shortens a topic too, though not when asked to.
    policy = ConfigEntry("cleanup.policy", "delete", incremental_operation=AlterConfigOpType.SET)
    resource = ConfigResource(ConfigResource.Type.TOPIC, city.topic, incremental_configs=[policy])
    city.admin.incremental_alter_configs([resource])[resource].result(10)
    city.admin.delete_records([TopicPartition(city.topic, 0, 4)])[TopicPartition(city.topic, 0)].result(10)
    inside()
    until(lambda: city.position() == 6, doing="what is left")
    assert sorted(city.rows()) == ["k#0", "k#4", "k#5"]


def test_tombstones_and_aborted_transactions_are_passed_over(
    city: DeliveryCity, inside: Callable[[], SinkProcess]
) -> None:
    city.deliver(delivery("k#1", full_name="An"))
    city.producer.produce(city.topic, None, b"k#9")
    worker = Producer(
        producer_settings(city.bootstrap, **{"transactional.id": city.system, "delivery.timeout.ms": 9000})
    )
    worker.init_transactions(10)
    for key, end in (("k#3", worker.abort_transaction), ("k#2", worker.commit_transaction)):
        worker.begin_transaction()
        worker.produce(city.topic, city.encode(delivery(key, full_name="Bình")), key.encode())
        worker.flush(10)
        end(10)
    inside()
    until(lambda: city.position() == 5, doing="the deliveries")
    assert sorted(city.rows()) == ["k#1", "k#2"]
    until(lambda: sum(each["count"] for each in city.outcomes()) == 2, doing="the outcomes")
    until(lambda: '"lag": 0' in (city.state() or {"detail": ""})["detail"], seconds=10, doing="the end")


def test_a_newer_catalogue_is_taken_up_with_its_first_delivery(
    city: DeliveryCity, inside: Callable[[], SinkProcess]
) -> None:
    inside()
    city.deliver(delivery("k#1", full_name="An", home_place="Hà Nội"))
    until(lambda: city.position() == 1, doing="the first delivery")
    city.fields["them"] = "home_place"
    city.apply(2)
    city.deliver(delivery("k#2", full_name="Bình", home_place="Huế", revision=2))
    until(lambda: city.position() == 2, doing="the second delivery")
    city.deliver(delivery("k#3", full_name="Chi", home_place="Vinh", revision=2))
    until(lambda: city.position() == 3, doing="the third delivery")
    found = city.connection.execute("SELECT ma, them FROM nhan_khau ORDER BY ma").fetchall()
    assert found == [("k#1", None), ("k#2", "Huế"), ("k#3", "Vinh")]


def test_what_a_person_must_mend_ends_the_process_with_a_message(city: DeliveryCity) -> None:
    (city.home / "dsn").unlink()
    assert city.start().wait(30) == 2
    assert "${file:dsn}" in city.log()
    city.system = "khong_co"
    assert city.start().wait(30) == 2
    assert "it is not there; add its manifest" in city.log()
