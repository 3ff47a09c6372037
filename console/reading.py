"""Reads Kafka for a person: partitions by assignment, committed records only, nothing ever committed."""

import time
from collections.abc import Callable, Iterator, Mapping
from types import TracebackType
from typing import Any, NamedTuple, TypeAlias, cast

from confluent_kafka import (
    OFFSET_BEGINNING,
    OFFSET_END,
    Consumer,
    KafkaError,
    KafkaException,
    TopicPartition,
)

from console.errors import ConsoleError, Unanswered
from schemas.kafka import client_settings, consumer_settings, reader_group
from schemas.settings import Settings

#: Topic and partition.
Place: TypeAlias = tuple[str, int]


class Record(NamedTuple):
    """One record as it stands in Kafka; `time` in milliseconds since 1970."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    time: int


BEGINNING: int = OFFSET_BEGINNING
END: int = OFFSET_END

#: Without a record or an end of partition for so long, the broker is taken for dead.
_PATIENCE_SECONDS = 15.0


def quiet_client(bootstrap: str) -> dict[str, Any]:
    """Client settings that keep librdkafka's own lines off the terminal: trouble is told once, by the command.

    Its first question to Kafka waits for half of the back-off, wherever it has not yet connected.
    """
    return client_settings(bootstrap, log_level=0, error_cb=lambda _: None, **{"reconnect.backoff.ms": 20})


class Reader:
    """One consumer with a throw-away group id. Use as a context manager, from one thread."""

    def __init__(self, settings: Settings) -> None:
        self._bootstrap = settings.kafka
        more = quiet_client(settings.kafka) | {"enable.partition.eof": True, "socket.timeout.ms": 10_000}
        more["fetch.wait.max.ms"] = 10  # after so long, Kafka tells that there is no more
        self._consumer = Consumer(consumer_settings(settings.kafka, reader_group("console"), **more))

    def __enter__(self) -> "Reader":
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._consumer.close()

    def topics(self) -> dict[str, int]:
        """Topic name -> its number of partitions. Raises Unanswered when the broker does not answer."""
        try:
            found = self._consumer.list_topics(timeout=6).topics
        except KafkaException as error:
            raise Unanswered(
                f"asking Kafka at {self._bootstrap} for its topics: no answer ({error.args[0].str()}); "
                "is the city running? Start it with `make run`, or correct LIENTHONG_KAFKA"
            ) from error
        return {name: len(topic.partitions) for name, topic in found.items()}

    def offset_at(self, place: Place, *, time: float) -> int:
        """Offset of the first record written at or after `time` (seconds since 1970); END where there is none."""
        [found] = self._consumer.offsets_for_times([TopicPartition(*place, int(time * 1000))], timeout=6)
        return int(found.offset)

    def to_the_end(self, positions: Mapping[Place, int]) -> Iterator[Record]:
        """Every record from each position (an offset, BEGINNING or END) to what is now the end of its partition."""
        waiting = set(positions)
        self.follow(positions)
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while waiting:
            record = self._poll(0.2, waiting.discard)
            if record is not None:
                deadline = time.monotonic() + _PATIENCE_SECONDS
                yield record
            elif time.monotonic() > deadline:
                raise Unanswered(
                    f"reading {', '.join(sorted({topic for topic, _ in waiting}))} from Kafka at {self._bootstrap}: "
                    f"nothing came in {_PATIENCE_SECONDS:.0f} s; look at the broker's log"
                )

    def follow(self, positions: Mapping[Place, int]) -> None:
        """From now on, `next` reads these partitions from these positions."""
        self._consumer.assign([TopicPartition(*place, offset) for place, offset in positions.items()])

    def next(self, timeout: float) -> Record | None:
        """The next record of what `follow` asked for, or None after `timeout` seconds or at an end."""
        return self._poll(timeout, lambda _: None)

    def _poll(self, timeout: float, at_end: Callable[[Place], None]) -> Record | None:
        message = self._consumer.poll(timeout)
        if message is None:
            return None
        error, place = message.error(), (cast(str, message.topic()), cast(int, message.partition()))
        if error is None:
            return Record(*place, cast(int, message.offset()), message.key(), message.value(), message.timestamp()[1])
        if error.code() == KafkaError._PARTITION_EOF:
            at_end(place)
            return None
        raise ConsoleError(f"reading {place[0]} from Kafka at {self._bootstrap}: {error.str()}; look at its log")
