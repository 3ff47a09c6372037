"""What a campaign puts into Kafka's topics: bytes that nobody can read, and what was said before once more."""

import time
from collections.abc import Iterator
from typing import NamedTuple

from confluent_kafka import KafkaError, Message, Producer

from schemas import topics
from schemas.registry import HEAD
from tests.chaos.five_manifests import SYSTEMS, TABLES
from tests.chaos.silence import ENTITY
from tests.chaos.topic_tail import records
from tests.chaos.yard import Origin, Yard

#: Repeats are said again at once, late ones are the oldest that there are.
REPEATED, LATE = 0.3, 0.2
_ACKNOWLEDGED_SECONDS = 60


class Poison(NamedTuple):
    """`name` is different for each; `topic` tells the stage that meets it."""

    name: str
    topic: str
    key: bytes | None
    value: bytes


def poison(yard: Yard, count: int) -> None:
    """So many distinct records that nobody can read, among the good ones of all stages."""
    wanted = (each for each in _all_poisons(yard) if each.name not in yard.poisons)
    chosen = [each for each, _ in zip(wanted, range(count), strict=False)]
    producer = _producer(yard)

    def note(error: KafkaError | None, message: Message) -> None:
        assert error is None, f"the poison was not taken: {error}"
        yard.buried.add(origin_of(message))

    for each in chosen:
        producer.produce(each.topic, each.value, each.key, on_delivery=note)
    assert producer.flush(_ACKNOWLEDGED_SECONDS) == 0
    yard.poisons |= {each.name for each in chosen}
    yard.count("poison, distinct", len(chosen))


def _all_poisons(yard: Yard) -> Iterator[Poison]:
    """Genuine records of every stage, damaged in every place: cut off at each byte, with a head that means nothing."""
    bootstrap = yard.city.kafka.bootstrap
    stages = [*(topics.raw(system, ENTITY) for system in TABLES), *(topics.to(system, ENTITY) for system in SYSTEMS)]
    samples = [(topic, next((m for m in records(bootstrap, topic) if m.key()), None)) for topic in stages]
    genuine = [(topic, found.key(), bytes(found.value() or b"")) for topic, found in samples if found is not None]
    for place in range(400):
        for topic, key, value in genuine:
            raw_key = key.encode() if isinstance(key, str) else key
            for kind, damaged in _damaged(value, place):
                yield Poison(f"{topic}: {kind} {place}", topic, raw_key, damaged)


def _damaged(value: bytes, place: int) -> Iterator[tuple[str, bytes]]:
    if HEAD + place < len(value) - 1:
        yield "cut off at", value[: HEAD + place]
    yield "unknown schema", b"\0" + (10**6 + place).to_bytes(4, "big") + value[HEAD:]
    yield "no frame", bytes([1 + place % 255]) * (1 + place)


def replay(yard: Yard, count: int) -> None:
    """So many events once more: three of ten from what was said last, two of ten from the oldest, the rest as it comes.

    They are copies of genuine ones, so nothing of what anybody holds may change for them.
    """
    producer, sent = _producer(yard), 0
    said = [message for system in TABLES for message in _events(yard, system)]
    said.sort(key=lambda message: message.timestamp()[1])
    while said and sent < count:
        size = min(len(said), count - sent)
        latest, oldest = said[-int(len(said) * REPEATED) - 1 :], said[: int(len(said) * LATE) + 1]
        for number in range(size):
            share = (number % 10) / 10
            pool = latest if share < REPEATED else oldest if share < REPEATED + LATE else said
            message = yard.chance.choice(pool)
            _again(producer, message)
        sent += size
    assert producer.flush(_ACKNOWLEDGED_SECONDS) == 0
    yard.count("events said again, or late", sent)


def _events(yard: Yard, system: str) -> list[Message]:
    """What is genuine, and no marker."""
    found = records(yard.city.kafka.bootstrap, topics.raw(system, ENTITY))
    return [message for message in found if message.key() is not None and origin_of(message) not in yard.buried]


def _again(producer: Producer, message: Message) -> None:
    partition = message.partition()
    assert partition is not None
    while True:
        try:
            producer.produce(
                str(message.topic()), message.value(), message.key(), partition, headers=message.headers() or []
            )
            return
        except BufferError:
            producer.poll(0.1)
            time.sleep(0.01)


def _producer(yard: Yard) -> Producer:
    return Producer({"bootstrap.servers": yard.city.kafka.bootstrap, "enable.idempotence": True, "linger.ms": 5})


def origin_of(message: Message) -> Origin:
    """Where a record stands."""
    return str(message.topic()), message.partition() or 0, message.offset() or 0
