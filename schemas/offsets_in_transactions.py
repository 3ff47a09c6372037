"""Offsets go into a transaction by a call that may never return: it is waited for on a thread of its own.

After a broker's crash librdkafka can wait for the group's old coordinator without end, whatever time-out it was given
(its issues 5456 and 5511). Closing idle connections would wake it, but a transaction that meets a closing connection
waits for seconds, and a quiet city meets it all the time. So the call is left behind with its thread.
"""

import threading
from collections.abc import Sequence
from queue import Empty, SimpleQueue

from confluent_kafka import Producer, TopicPartition

from schemas.errors import SchemasError


class OffsetsStuck(SchemasError):  # noqa: N818 - reads as what happened
    """The call has not returned in time. The producer is of no more use: make another one of the same name."""


def send_offsets(
    producer: Producer, offsets: Sequence[TopicPartition], metadata: object, *, timeout: float, patience: float
) -> None:
    """As the producer's ``send_offsets_to_transaction``, but it raises OffsetsStuck after ``patience`` seconds."""
    answers: SimpleQueue[BaseException | None] = SimpleQueue()

    def send() -> None:
        try:
            producer.send_offsets_to_transaction(list(offsets), metadata, timeout)
        except BaseException as error:
            answers.put(error)
        else:
            answers.put(None)

    threading.Thread(target=send, name="offsets", daemon=True).start()
    try:
        error = answers.get(timeout=patience)
    except Empty:
        raise OffsetsStuck(f"sending offsets to the transaction: no answer in {patience:.0f} s") from None
    if error is not None:
        raise error
