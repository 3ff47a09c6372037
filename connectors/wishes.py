"""What people ask of running connectors: the last value of each key in a compacted topic of one partition."""

import time
from collections.abc import Callable
from typing import Any, Final, Generic, TypeVar

from confluent_kafka import Consumer, KafkaError, KafkaException, Producer, TopicPartition

from connectors.errors import ConnectorsError
from schemas.kafka import consumer_settings, producer_settings, reader_group
from schemas.kafka_advice import advice
from schemas.topic_edges import topic_edges

T = TypeVar("T")

_LOOK_SECONDS: Final = 0.5
_FIRST_LOOK_SECONDS: Final = 5.0
#: A question to Kafka is open for so long, and answered at once when there is a wish.
_FETCH_MS: Final = 1_000
_ANSWER_SECONDS: Final = 15.0


class NotAsked(ConnectorsError):  # noqa: N818 - reads as what happened
    """Kafka has not taken what was asked for."""


def wish(bootstrap: str, topic: str, key: str, value: bytes | None, *, doing: str) -> None:
    """Returns once Kafka has acknowledged it; None takes a wish back. Raises NotAsked, which tells what was `doing`."""
    answers: list[KafkaError | None] = []
    producer = Producer(producer_settings(bootstrap, **{"delivery.timeout.ms": int(_ANSWER_SECONDS * 1000)}))
    producer.produce(topic, value, key.encode(), on_delivery=lambda error, _: answers.append(error))
    producer.flush(_ANSWER_SECONDS)
    if answers != [None]:
        refused = answers[0] if answers else None
        otherwise = "see that Kafka runs, and `lienthong apply`"
        told = f"{refused.str()}; {advice(refused, otherwise)}" if refused else f"no answer; {otherwise}"
        raise NotAsked(f"{doing}: {told}")


class Wishes(Generic[T]):
    """The last wish of every key with this prefix; it follows the topic, and never waits but at the first look.

    One thread uses it. Kafka may be away at any time: then what is asked is heard later.
    """

    def __init__(self, bootstrap: str, topic: str, prefix: str, decode: Callable[[bytes], T]) -> None:
        self._bootstrap = bootstrap
        self._topic = topic
        self._prefix = prefix.encode()
        self._decode = decode
        self._consumer: Consumer | None = None
        self._next_look = 0.0
        self._unread: dict[bytes, bytes] = {}
        self._latest: dict[bytes, T] = {}

    def latest(self) -> dict[bytes, T]:
        """By key, as far as Kafka answers. Raises what `decode` raises; asked again, it goes on there."""
        now = time.monotonic()
        if now >= self._next_look:
            self._next_look = now + _LOOK_SECONDS
            if self._consumer is None:
                self._consumer = self._client()
                # Asked before it follows: a connection on which a question is open answers no other.
                holds_any = self._holds_any(self._consumer)
                self._consumer.assign([TopicPartition(self._topic, 0, 0)])
                if holds_any:
                    self._read(self._consumer, until=now + _FIRST_LOOK_SECONDS)
            else:
                self._read(self._consumer, until=now)
        for key, value in list(self._unread.items()):
            self._latest[key] = self._decode(value)
            del self._unread[key]
        return self._latest

    def close(self) -> None:
        """Listen no more."""
        if self._consumer is not None:
            self._consumer.close()
            self._consumer = None

    def _client(self) -> Consumer:
        more: dict[str, Any] = {"enable.partition.eof": True, "log_level": 0, "error_cb": lambda _: None}
        more["fetch.wait.max.ms"] = _FETCH_MS
        return Consumer(consumer_settings(self._bootstrap, reader_group(self._topic), **more))

    def _holds_any(self, consumer: Consumer) -> bool:
        """The end of an empty topic would be told only when the first question ends."""
        try:
            low, high = topic_edges(consumer, self._topic, 0, seconds=_FIRST_LOOK_SECONDS)
        except KafkaException:
            return True
        return low < high

    def _read(self, consumer: Consumer, *, until: float) -> None:
        """To the end of the topic, or until the moment has come and nothing more is here."""
        while True:
            message = consumer.poll(max(0.0, until - time.monotonic()))
            # The end, or trouble: then what was asked is heard later, when the topic is there and Kafka answers.
            if message is None or message.error() is not None:
                return
            key, value = message.key() or b"", message.value()
            if key.startswith(self._prefix):
                self._take(key, value)

    def _take(self, key: bytes, value: bytes | None) -> None:
        if value is not None:
            self._unread[key] = value
        else:
            self._unread.pop(key, None)
            self._latest.pop(key, None)
