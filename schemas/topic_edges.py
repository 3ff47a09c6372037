"""Where a partition begins and ends."""

import time
from typing import Final

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

#: A partition whose leader is moving, as right after its topic was made: librdkafka asks for the new one, and gives up.
_MOVING: Final = (KafkaError.LEADER_NOT_AVAILABLE, KafkaError.NOT_LEADER_FOR_PARTITION)
_PAUSE_SECONDS: Final = 0.1


def topic_edges(consumer: Consumer, topic: str, partition: int, *, seconds: float) -> tuple[int, int]:
    """The first offset held and the one after the last, as Kafka says now; of a partition that moves, within `seconds`.

    Raises KafkaException.
    """
    deadline = time.monotonic() + seconds
    while True:
        try:
            low, high = consumer.get_watermark_offsets(TopicPartition(topic, partition), timeout=seconds)
            return int(low), int(high)
        except KafkaException as error:
            if error.args[0].code() not in _MOVING or time.monotonic() >= deadline:
                raise
            time.sleep(_PAUSE_SECONDS)
