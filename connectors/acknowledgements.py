"""Which batches Kafka has acknowledged whole, in the order in which they were handed over."""

import time
from collections import deque
from typing import Any, Final

from confluent_kafka import KafkaError, Message, Producer

from connectors.captured import Tally

_ROOM_SECONDS: Final = 0.05


class Batch:
    """Records that are confirmed together, and the token that their acknowledgement is worth."""

    __slots__ = ("_answered", "_producer", "began", "failure", "left", "newest", "size", "tallies", "token")

    def __init__(self, producer: Producer, token: object = None) -> None:
        self.token = token
        #: What was captured of each entity.
        self.tallies: dict[str, Tally] = {}
        #: When it was begun, as `time.monotonic` counts.
        self.began = time.monotonic()
        #: Records that wait for their acknowledgement, and bytes of all that were handed over.
        self.left = 0
        self.size = 0
        self.failure: KafkaError | None = None
        #: Source time of the newest change, in microseconds since 1970; 0 without any.
        self.newest = 0
        self._producer = producer
        self._answered = self._answer

    def put(self, topic: str, value: bytes, **more: Any) -> None:
        """Hand a record over, waiting for room in the producer's queue. Raises KafkaException."""
        while True:
            try:
                self._producer.produce(topic, value, on_delivery=self._answered, **more)
                break
            except BufferError:
                self._producer.poll(_ROOM_SECONDS)
        self.left += 1
        self.size += len(value)

    def _answer(self, error: KafkaError | None, _: Message) -> None:
        self.left -= 1
        if error is not None:
            self.failure = error


class Acknowledgements:
    """Batches in order. A token is given out when its batch and all before it are acknowledged."""

    def __init__(self) -> None:
        self._batches: deque[Batch] = deque()
        #: Source time up to which Kafka has acknowledged, in microseconds since 1970; 0 while that is unknown.
        self.newest = 0

    def add(self, batch: Batch) -> None:
        """The next batch, all of it handed over to Kafka."""
        self._batches.append(batch)

    def settled(self) -> object | None:
        """The newest token of the batches acknowledged since last asked; None without any. See also `failure`."""
        token = None
        while self._batches and not self._batches[0].left and self._batches[0].failure is None:
            batch = self._batches.popleft()
            token, self.newest = batch.token, max(self.newest, batch.newest)
        return token

    @property
    def failure(self) -> KafkaError | None:
        """Why a record was refused; what stands behind it can never be confirmed."""
        return next((batch.failure for batch in self._batches if batch.failure is not None), None)

    @property
    def records(self) -> int:
        """Records handed over and not acknowledged."""
        return sum(batch.left for batch in self._batches)

    @property
    def size(self) -> int:
        """Bytes of the batches that wait."""
        return sum(batch.size for batch in self._batches)
