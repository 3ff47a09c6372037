"""The librdkafka producer of one transactional id, and whether anything was lost between it and the broker."""

import logging
from collections.abc import Callable
from typing import Any

from confluent_kafka import Producer, TopicPartition

from schemas.offsets_in_transactions import OffsetsStuck, send_offsets
from streams.engine.errors import StuckError

_kafka_log = logging.getLogger("streams.engine.kafka")


class TransactionalClient:
    """Made anew after trouble on the wire.

    librdkafka gives all transactions of a producer one epoch (it lacks KIP-890). A request whose connection broke is
    sent again, but the first copy may still arrive, after the next transaction has begun, and count for it: a late
    "commit" would commit half of it, late offsets would set the group back. A new producer of the same transactional id
    has a new epoch, and the broker refuses whatever comes with the old one.
    """

    #: The present one; there is none before ``renew``.
    producer: Producer

    def __init__(self, config: dict[str, Any]) -> None:
        """``config`` as for a Producer; nothing is connected before ``renew``."""
        # Its lines are how librdkafka tells of a connection that broke: errors are not reported for each of them.
        self._config = config | {"log_level": 6, "log.connection.close": True}
        self._ears = _Ears()
        #: Whether a call was given up that may still be running.
        self.is_stuck = False

    def renew(self, initialise: Callable[[Producer], None]) -> None:
        """Put a new producer in the place of the old one; ``initialise`` has it fence whoever had its id before."""
        self._ears = _Ears()
        self.producer = Producer(self._config, logger=self._ears)
        initialise(self.producer)
        self.producer.poll(0)
        self._ears.has_heard = False
        self.is_stuck = False

    def is_doubtful(self) -> bool:
        """Whether a copy of an earlier request may still be on its way. Ask it when no transaction is open."""
        self.producer.poll(0)
        return self._ears.has_heard or self.is_stuck

    def send_offsets(self, offsets: list[TopicPartition], metadata: object, *, timeout: float, patience: float) -> None:
        """Raises StuckError after ``patience`` seconds: the producer is of no more use then, renew it."""
        try:
            send_offsets(self.producer, offsets, metadata, timeout=timeout, patience=patience)
        except OffsetsStuck as stuck:
            self.is_stuck = True
            raise StuckError(str(stuck)) from None


class _Ears:
    """In the place of a logger: passes librdkafka's lines on, and remembers that there was one.

    It writes none (but those for debugging) as long as all goes well, so each is taken for a sign of trouble.
    """

    def __init__(self) -> None:
        self.has_heard = False

    def log(self, level: int, message: str, *parts: object) -> None:
        """As logging.Logger.log; called by librdkafka's binding."""
        if level > logging.DEBUG:
            self.has_heard = True
        _kafka_log.log(level, message, *parts)
