"""Reads the delivery topics from positions that the target keeps. One thread uses a reader."""

from contextlib import suppress

from confluent_kafka import (
    OFFSET_BEGINNING,
    Consumer,
    KafkaError,
    KafkaException,
    Message,
    TopicCollection,
    TopicPartition,
)
from confluent_kafka.admin import AdminClient

from connectors.delivery.trouble import KafkaTrouble
from connectors.values import Stream
from schemas import topics
from schemas.kafka import consumer_settings, reader_group
from schemas.kafka_advice import advice
from schemas.topic_edges import topic_edges

_ANSWER_SECONDS = 3.0
_IDLE_MS = 200
_GONE = (KafkaError.UNKNOWN_TOPIC_OR_PART, KafkaError._UNKNOWN_TOPIC, KafkaError._UNKNOWN_PARTITION)


class OutOfRange(Exception):  # noqa: N818 - reads as what happened
    """The topic does not hold the offset that was asked for."""


def find_streams(admin: AdminClient, system: str, entity: str) -> list[Stream]:
    """All partitions of the system's delivery topic, with the topic's id. Raises KafkaTrouble."""
    name = topics.to(system, entity)
    try:
        asked = admin.describe_topics(TopicCollection([name]), request_timeout=_ANSWER_SECONDS)
        found = asked[name].result(_ANSWER_SECONDS + 1)
    except KafkaException as error:
        if error.args[0].code() in _GONE:
            raise KafkaTrouble(f"looking for topic {name}: it does not exist; run `lienthong apply`") from error
        _look_again(admin)
        raise KafkaTrouble(f"looking for topic {name}: {error.args[0].str()}; {advice(error.args[0])}") from error
    except TimeoutError as error:
        _look_again(admin)
        raise KafkaTrouble(f"looking for topic {name}: Kafka does not answer; see that it runs") from error
    return [Stream(entity, name, partition.id, str(found.topic_id)) for partition in found.partitions]


def _look_again(admin: AdminClient) -> None:
    """When a broker dies the client goes on asking the one that it knew, for minutes, unless it is told to look."""
    with suppress(KafkaException):
        admin.list_topics(timeout=_ANSWER_SECONDS)


class Reader:
    """Reads one stream; committed records only."""

    def __init__(self, bootstrap: str, system: str) -> None:
        # The group's name is for logs and quotas: positions live in the target. Kafka answers at once when there is
        # something, and so often when there is nothing, which tells that the end has been reached.
        more = {"auto.offset.reset": "error", "enable.partition.eof": True, "fetch.wait.max.ms": _IDLE_MS}
        self._consumer = Consumer(consumer_settings(bootstrap, reader_group(f"sink.{system}"), **more))
        self._place = TopicPartition("", 0)
        #: Whether the end of the topic has been reached.
        self.caught_up = False

    def start(self, stream: Stream, offset: int | None) -> None:
        """Go on at this offset; None: at the first that the topic still holds."""
        start = OFFSET_BEGINNING if offset is None else offset
        self._place = TopicPartition(stream.topic, stream.partition)
        self._consumer.assign([TopicPartition(stream.topic, stream.partition, start)])
        self.caught_up = False

    def end(self, stream: Stream) -> int:
        """The offset after the last record that stands there now. Raises KafkaTrouble."""
        try:
            return topic_edges(self._consumer, stream.topic, stream.partition, seconds=_ANSWER_SECONDS)[1]
        except KafkaException as error:
            raise KafkaTrouble(f"reading {stream.topic}: {error.args[0].str()}; {advice(error.args[0])}") from error

    def read(self, most: int, timeout: float) -> list[Message]:
        """What is there, at once when anything is. Raises OutOfRange, and KafkaTrouble when the topic is gone."""
        first = self._consumer.poll(timeout)
        if first is None:
            return []
        # What the client has fetched already costs no waiting.
        return [message for message in (first, *self._consumer.consume(most - 1, 0)) if self._is_record(message)]

    def lag(self, position: int) -> int:
        """Offsets between `position` and the end, as far as is known without asking; markers and holes count."""
        if self.caught_up:
            return 0
        _, high = self._consumer.get_watermark_offsets(self._place, cached=True)
        return max(0, int(high) - position)

    def close(self) -> None:
        """No further reads."""
        self._consumer.close()

    def _is_record(self, message: Message) -> bool:
        error = message.error()
        if error is None:
            self.caught_up = False
            return True
        if error.code() == KafkaError._PARTITION_EOF:
            self.caught_up = True
        elif error.code() in (KafkaError._AUTO_OFFSET_RESET, KafkaError.OFFSET_OUT_OF_RANGE):
            raise OutOfRange
        elif error.code() in _GONE:
            raise KafkaTrouble(f"reading {self._place.topic}: the topic is gone; run `lienthong apply`")
        # Everything else the client mends by itself.
        return False
