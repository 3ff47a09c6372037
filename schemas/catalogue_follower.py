"""Hears of each new catalogue, at the price of one quiet connection."""

from collections.abc import Callable, Iterator
from typing import Any, Final

import structlog
from confluent_kafka import Consumer, TopicPartition

from schemas import topics
from schemas.catalogue import Catalogue, CatalogueError
from schemas.catalogue_topic import KEY
from schemas.kafka import consumer_settings, reader_group
from schemas.settings import Settings

#: A question to Kafka is open for so long, and answered at once when something is published.
_FETCH_MS: Final = 20_000
_MORE_SECONDS: Final = 0.02
_LOOK_SECONDS: Final = 1.0

_log = structlog.get_logger(__name__)


class Follower:
    """Reads the topic `catalogue` from its beginning, and on. One thread uses it; Kafka may be away at any time."""

    def __init__(self, settings: Settings) -> None:
        group = reader_group("catalogue")
        more: dict[str, Any] = {"log_level": 0, "error_cb": lambda _: None}
        more |= {"fetch.wait.max.ms": _FETCH_MS, "socket.timeout.ms": 2 * _FETCH_MS, "queued.min.messages": 1}
        self._consumer = Consumer(consumer_settings(settings.kafka, group, **more))
        self._consumer.assign([TopicPartition(topics.CATALOGUE, 0, 0)])

    def poll(self, seconds: float) -> Catalogue | None:
        """The newest catalogue published since last asked, within at most so many seconds; None without any.

        Just after the start it may be an older one than what is known already. Raises CatalogueError where it was
        written by another version.
        """
        value, message = None, self._consumer.poll(seconds)
        while message is not None:
            if message.error() is None and message.key() == KEY:
                value = message.value() or value
            message = self._consumer.poll(_MORE_SECONDS)
        return Catalogue.from_json(value) if value else None

    def each(self, is_over: Callable[[], bool]) -> Iterator[Catalogue]:
        """Every one that `poll` finds until it is over, which is asked once a second. What cannot be read is told and
        passed over."""
        while not is_over():
            try:
                found = self.poll(_LOOK_SECONDS)
            except CatalogueError as error:
                _log.error("a catalogue cannot be read: going on with the last one", problem=str(error))
                continue
            if found is not None:
                yield found

    def close(self) -> None:
        """Let Kafka go."""
        self._consumer.close()
