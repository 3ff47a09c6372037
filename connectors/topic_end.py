"""The last record of one key in a compacted topic of one partition."""

import time

from confluent_kafka import Consumer, IsolationLevel, KafkaError, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._listoffsets import OffsetSpec

from schemas.kafka import client_settings, consumer_settings, reader_group

_TIMEOUT_SECONDS = 30.0


def last_value(bootstrap: str, topic: str, key: bytes) -> bytes | None:
    """The newest committed value of the key; None where there is none. Raises KafkaException.

    Reads to the end of the log as it was when called, open transactions included: waits for those to end.
    """
    end = _end(bootstrap, topic)
    if end == 0:
        return None
    group = reader_group(topic)
    consumer = Consumer(consumer_settings(bootstrap, group, **{"enable.partition.eof": True}))
    try:
        consumer.assign([TopicPartition(topic, 0, 0)])
        return _read(consumer, key, end)
    finally:
        consumer.close()


def _end(bootstrap: str, topic: str) -> int:
    # A consumer would be told the end of what is committed, which can lie before a committed record.
    admin = AdminClient(client_settings(bootstrap))
    partition = TopicPartition(topic, 0)
    asked = admin.list_offsets(
        {partition: OffsetSpec.latest()},  # type: ignore[no-untyped-call]
        isolation_level=IsolationLevel.READ_UNCOMMITTED,
        request_timeout=_TIMEOUT_SECONDS,
    )
    return int(asked[partition].result().offset)


def _read(consumer: Consumer, key: bytes, end: int) -> bytes | None:
    last: bytes | None = None
    deadline = time.monotonic() + _TIMEOUT_SECONDS
    while time.monotonic() < deadline:
        message = consumer.poll(0.5)
        if message is None:
            continue
        error = message.error()
        if error is None:
            last = message.value() if message.key() == key else last
            deadline = time.monotonic() + _TIMEOUT_SECONDS
        elif error.code() != KafkaError._PARTITION_EOF:
            raise KafkaException(error)
        elif (message.offset() or 0) >= end:
            return last
    raise KafkaException(KafkaError(KafkaError._TIMED_OUT, "the end of the topic was not reached"))
