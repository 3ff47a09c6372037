"""Finds the records of some keys in many partitions at once, by reading from a moment on to the end."""

import time
import uuid
from collections.abc import Collection, Iterable, Mapping
from typing import Final, NamedTuple

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from console.errors import Unanswered
from console.reading import Place, quiet_client
from schemas.kafka import consumer_settings
from schemas.settings import Settings

_MOST: Final = 10_000
_ANSWER_SECONDS: Final = 6.0
_PATIENCE_SECONDS: Final = 15.0
_POLL_SECONDS: Final = 0.005


class Met(NamedTuple):
    """A record of the key; `time` in microseconds since 1970, of the broker's clock or the producer's."""

    place: Place
    offset: int
    value: bytes | None
    time: int
    event_id: str


class Sweep:
    """One consumer with a throw-away group id. Use as a context manager."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        more = quiet_client(settings.kafka) | {"enable.partition.eof": True, "fetch.wait.max.ms": 10}
        self._consumer = Consumer(consumer_settings(settings.kafka, f"lienthong.trace.{uuid.uuid4().hex}", **more))

    def __enter__(self) -> "Sweep":
        return self

    def __exit__(self, *_: object) -> None:
        self._consumer.close()

    def starts(self, moments: Mapping[Place, int]) -> dict[Place, int]:
        """Where each partition goes on from a moment (microseconds since 1970); places with nothing later are missing.

        Raises Unanswered.
        """
        asked = [TopicPartition(*place, moment // 1000) for place, moment in moments.items()]
        try:
            found = self._consumer.offsets_for_times(asked, _ANSWER_SECONDS) if asked else []
        except KafkaException as error:
            raise self._unanswered(error.args[0].str()) from error
        return {(each.topic, each.partition): each.offset for each in found if each.offset >= 0}

    def of_keys(
        self, keys: Collection[str], starts: Mapping[Place, int], *, seconds: float = _PATIENCE_SECONDS
    ) -> list[Met]:
        """Every record of these keys from these offsets on, in the order of time, as far as can be read in `seconds`.

        Raises Unanswered where nothing comes at all.
        """
        wanted, waiting, met = {key.encode() for key in keys}, set(starts), list[Met]()
        self._consumer.assign([TopicPartition(*place, offset) for place, offset in starts.items()])
        began, is_silent = time.monotonic(), True
        while waiting and time.monotonic() - began < (_PATIENCE_SECONDS if is_silent else seconds):
            # For little at a time: it waits until so many are there, or its time is over.
            messages = self._consumer.consume(_MOST, _POLL_SECONDS)
            is_silent = is_silent and not messages
            met += [_met(message) for message in self._records(messages, waiting) if message.key() in wanted]
        if waiting and is_silent:
            raise self._unanswered(f"nothing came in {_PATIENCE_SECONDS:.0f} s")
        return sorted(met, key=lambda each: each.time)

    def _records(self, messages: Iterable[Message], waiting: set[Place]) -> Iterable[Message]:
        for message in messages:
            error = message.error()
            if error is None:
                yield message
            elif error.code() == KafkaError._PARTITION_EOF:
                waiting.discard((message.topic() or "", message.partition() or 0))
            elif not error.retriable():
                raise self._unanswered(error.str())

    def _unanswered(self, reason: str) -> Unanswered:
        return Unanswered(f"looking for a record in Kafka at {self._settings.kafka}: {reason}; see that it runs")


def _met(message: Message) -> Met:
    headers = dict(message.headers() or ())
    event = headers.get("ce_id") or b""
    return Met(
        (message.topic() or "", message.partition() or 0),
        message.offset() or 0,
        message.value(),
        message.timestamp()[1] * 1000,
        event.decode(errors="replace") if isinstance(event, bytes) else event,
    )
