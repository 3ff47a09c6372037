"""Every kind of bad input ends as a dead letter with its reason, sealed, and everything else keeps flowing."""

from collections.abc import Callable
from pathlib import Path

import psycopg
from confluent_kafka import Consumer, Producer, TopicPartition

from deploy.embedded.kafka import Kafka
from deploy.embedded.postgres import Postgres
from schemas import topics
from schemas.codec import codec_for
from schemas.compose import load
from schemas.kafka import producer_settings
from schemas.records import ChangeEvent, DeadLetter
from schemas.registry import Decoder, Registry, frame, unframe
from schemas.sealing import Seal
from tests.chaos.processes import wait_until
from tests.chaos.small_city import SmallCity, small_city
from tests.chaos.target import TARGET_DDL

Row = dict[str, str | None]

_GOOD: Row = {"ho_ten": "Trần Thị Bình", "ngay_sinh": "02/09/1990", "gioi_tinh": "2", "ghi_chu": "0:1"}
#: What is wrong with a row -> what is changed in a good one, and the stage that must refuse it.
_BAD: dict[str, tuple[Row, str]] = {
    "a malformed date": ({"ngay_sinh": "31/02/1990"}, "normalise"),
    "a citizen id of 11 digits": ({"so_dinh_danh": "00109901234"}, "normalise"),
    "an unknown code": ({"gioi_tinh": "7"}, "normalise"),
    "a value longer than the target's column": ({"dia_chi": "Số 1 " + "ngõ " * 100}, "sink"),
    "a record over the broker's limit": ({"dia_chi": "phố " * 400_000}, "source"),
}
#: No dead letter's readable part may hold any of these.
_PERSONAL = ("Trần", "1990", "00109901234", "ngõ", "phố")


def _insert(city: SmallCity, row: Row) -> None:
    columns, marks = ",".join(row), ",".join(["%s"] * len(row))
    with psycopg.connect(city.source_dsn) as connection:
        connection.execute(f"insert into public.cong_dan({columns}) values ({marks})", list(row.values()))


def _read(city: SmallCity, topic: str, partitions: int) -> list[bytes]:
    consumer = Consumer({"bootstrap.servers": city.kafka.bootstrap, "group.id": "t", "enable.partition.eof": True})
    consumer.assign([TopicPartition(topic, number, 0) for number in range(partitions)])
    values, ended = [], 0
    while ended < partitions:
        message = consumer.poll(10)
        assert message is not None, f"{topic} cannot be read"
        if message.error() is not None:
            ended += 1
        elif (value := message.value()) is not None:
            values.append(value)
    consumer.close()
    return values


def _letters(city: SmallCity) -> list[DeadLetter]:
    decoder = Decoder(Registry(city.registry), load("dead_letter"))
    return [decoder.decode(value) for value in _read(city, topics.DEAD_LETTERS, 1)]


def _arrived(city: SmallCity) -> int:
    with psycopg.connect(city.target_dsn) as connection:
        row = connection.execute("select count(*) from public.nhan_khau").fetchone()
    assert row is not None
    return int(row[0])


def _send_with_nul(city: SmallCity) -> None:
    """PostgreSQL cannot hold a NUL, other systems can: a raw event again, as another row, with one in it."""
    registry = Registry(city.registry)
    events: list[tuple[bytes, ChangeEvent]] = [
        (framed, Decoder(registry).decode(framed)) for framed in _read(city, topics.raw("nguon", "person"), 4)
    ]
    framed, event = next(pair for pair in events if pair[1]["after"] is not None)
    assert event["after"] is not None
    schema_id, _ = unframe(framed)
    event = {**event, "row": "nul", "ordinal": 999, "after": {**event["after"], "ho_ten": "Lê\0Văn An"}}
    schema = registry.schema(schema_id)
    assert schema is not None
    producer = Producer(producer_settings(city.kafka.bootstrap))
    producer.produce(
        topics.raw("nguon", "person"), frame(schema_id, codec_for(schema).encode(event)), "nguon#nul", partition=0
    )
    assert producer.flush(30) == 0


def test_bad_input_goes_to_dead_letters_and_the_rest_flows(
    private_kafka: Callable[[], Kafka], private_postgres: Callable[[], Postgres], registry: str, tmp_path: Path
) -> None:
    narrow = TARGET_DDL.replace("dia_chi text", "dia_chi varchar(200)")
    with small_city(private_kafka(), private_postgres(), registry, tmp_path, target_ddl=narrow) as city:
        for name in ("source", "w1", "sink"):
            city.start(name)
        for change, _ in _BAD.values():
            _insert(city, _GOOD)
            _insert(city, _GOOD | change)
        _insert(city, _GOOD)
        good = len(_BAD) + 1
        wait_until(lambda: _arrived(city) == good, seconds=60, what=f"{good} good rows arrived")
        _send_with_nul(city)
        wait_until(lambda: len(_letters(city)) == len(_BAD) + 1, seconds=60, what="a dead letter for every bad row")
        _insert(city, _GOOD)
        wait_until(lambda: _arrived(city) == good + 1, seconds=30, what="a good row after all the bad ones")
        _check(city, _letters(city))


def _check(city: SmallCity, letters: list[DeadLetter]) -> None:
    stages = sorted(letter["stage"] for letter in letters)
    assert stages == sorted([stage for _, stage in _BAD.values()] + ["normalise"])
    seal = Seal.from_file(city.home / "secrets" / "dead_letter_key")
    for letter in letters:
        assert letter["reason"] and letter["message"], letter["stage"]
        readable = str({name: value for name, value in letter.items() if name != "payload"})
        assert not [word for word in _PERSONAL if word in readable], (
            f"{letter['stage']}/{letter['reason']} tells a value"
        )
        if letter["stage"] == "source":
            assert letter["payload"] is None, "what is too large is kept by reference"
        else:
            assert letter["payload"] is not None
            assert seal.open(letter["payload"]), "the payload opens with the city's key"
