"""The catalogue in Kafka: one record in the compacted topic `catalogue`."""

import time
from collections.abc import Iterable
from typing import NamedTuple

from confluent_kafka import Consumer, KafkaError, KafkaException, Producer, TopicPartition

from schemas import topics
from schemas.catalogue import Catalogue, CatalogueError
from schemas.kafka import consumer_settings, reader_group, transactional_settings
from schemas.kafka_advice import FORBIDDEN, advice
from schemas.settings import Settings
from schemas.topic_edges import topic_edges

#: The only key of the topic.
KEY = b"catalogue"
_TIMEOUT_SECONDS = 30.0
_NO_TOPIC = (KafkaError.UNKNOWN_TOPIC_OR_PART, KafkaError._UNKNOWN_TOPIC, KafkaError._UNKNOWN_PARTITION)


class NoCatalogue(CatalogueError):  # noqa: N818 - reads as what happened
    """No manifests were applied yet: run `lienthong apply`."""

    def __init__(self, bootstrap: str) -> None:
        super().__init__(f"reading the catalogue from Kafka at {bootstrap}: there is none; run `lienthong apply`")


class Marker(NamedTuple):
    """A record that tells a partition of the new catalogue."""

    topic: str
    partition: int
    value: bytes


def publish(settings: Settings, catalogue: Catalogue, markers: Iterable[Marker] = ()) -> None:
    """The catalogue and its markers in one transaction: whoever meets a marker can have the catalogue.

    Returns once it is committed. The topics must exist. Raises CatalogueError.
    """
    producer = Producer(transactional_settings(settings.kafka, topics.CATALOGUE_WRITER, seconds=_TIMEOUT_SECONDS))
    try:
        producer.init_transactions(_TIMEOUT_SECONDS)
        producer.begin_transaction()
        producer.produce(topics.CATALOGUE, key=KEY, value=catalogue.to_json())
        for marker in markers:
            producer.produce(marker.topic, value=marker.value, partition=marker.partition)
        producer.commit_transaction(_TIMEOUT_SECONDS)
    except KafkaException as error:
        raise CatalogueError(
            f"publishing catalogue revision {catalogue.revision} to Kafka at {settings.kafka}: {error.args[0].str()}; "
            + advice(
                error.args[0], "see that Kafka runs, that the topics exist and that nobody else applies, then try again"
            )
        ) from error


def read(settings: Settings) -> Catalogue:
    """The last catalogue published. Raises NoCatalogue, or CatalogueError where Kafka cannot be read."""
    group = reader_group("catalogue")
    more = {"enable.partition.eof": True, "fetch.wait.max.ms": 10}  # so long until the end is told
    consumer = Consumer(consumer_settings(settings.kafka, group, **more))
    try:
        value = _last_value(consumer, end=_end(settings, group))
    except KafkaException as error:
        if error.args[0].code() in _NO_TOPIC:
            raise _absent(consumer, settings) from None
        raise CatalogueError(
            f"reading the catalogue from Kafka at {settings.kafka}: {error.args[0].str()}; {advice(error.args[0])}"
        ) from error
    finally:
        consumer.close()
    if value is None:
        raise NoCatalogue(settings.kafka)
    return Catalogue.from_json(value)


def _absent(consumer: Consumer, settings: Settings) -> CatalogueError:
    """To who may not know of the topic, a client says that there is none."""
    found = consumer.list_topics(topics.CATALOGUE, timeout=_TIMEOUT_SECONDS).topics.get(topics.CATALOGUE)
    told = found.error if found else None
    if told is not None and told.code() in FORBIDDEN:
        return CatalogueError(f"reading the catalogue from Kafka at {settings.kafka}: {told.str()}; {advice(told)}")
    return NoCatalogue(settings.kafka)


def _end(settings: Settings, group: str) -> int:
    """Behind all that is there, committed or not: of a transaction whose end is on its way the stable offset knows
    nothing yet. Raises KafkaException."""
    consumer = Consumer(consumer_settings(settings.kafka, group, **{"isolation.level": "read_uncommitted"}))
    try:
        return topic_edges(consumer, topics.CATALOGUE, 0, seconds=_TIMEOUT_SECONDS)[1]
    finally:
        consumer.close()


def _last_value(consumer: Consumer, *, end: int) -> bytes | None:
    """The newest value of the one key up to `end`, None where there is none. Raises KafkaException."""
    low, _ = topic_edges(consumer, topics.CATALOGUE, 0, seconds=_TIMEOUT_SECONDS)
    if low >= end:
        return None
    consumer.assign([TopicPartition(topics.CATALOGUE, 0, low)])
    deadline, last = time.monotonic() + _TIMEOUT_SECONDS, None
    while time.monotonic() < deadline:
        message = consumer.poll(1.0)
        if message is None:
            continue
        error = message.error()
        if error is None:
            last = message.value() if message.key() == KEY else last
        elif error.code() == KafkaError._PARTITION_EOF:
            if (message.offset() or 0) >= end:
                return last
        else:
            raise KafkaException(error)
    raise KafkaException(KafkaError(KafkaError._TIMED_OUT, "the end of the topic was not reached"))
