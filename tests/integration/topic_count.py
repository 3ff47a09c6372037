"""How many committed rows a topic holds, asked again and again: each row is read once."""

import time

from confluent_kafka import Consumer, KafkaError, TopicPartition


class TopicCount:
    """Follows one topic, which must not be recreated meanwhile."""

    def __init__(self, kafka: str, topic: str, *, partitions: int) -> None:
        self.rows = 0
        self._topic = topic
        self._reached = [0] * partitions
        self._consumer = Consumer(
            {
                "bootstrap.servers": kafka,
                "group.id": "nobody",
                "isolation.level": "read_committed",
                "auto.offset.reset": "earliest",
                "enable.auto.commit": False,  # or closing it waits for a broker that is gone
                "enable.partition.eof": True,
                "fetch.wait.max.ms": 50,
            }
        )
        self._consumer.assign([TopicPartition(topic, number, 0) for number in range(partitions)])

    def up_to(self, ends: list[int], *, seconds: float = 30.0) -> int:
        """How many rows there are; ``ends``: the last stable offset of each partition by now."""
        deadline = time.monotonic() + seconds
        while any(reached < end for reached, end in zip(self._reached, ends, strict=True)):
            assert time.monotonic() < deadline, f"reading {self._topic} takes too long"
            for message in self._consumer.consume(2000, 0.05):
                number, offset, error = message.partition(), message.offset(), message.error()
                assert number is not None
                assert offset is not None
                if error is None:
                    self.rows += 1
                    self._reached[number] = offset + 1
                elif error.code() == KafkaError._PARTITION_EOF:
                    self._reached[number] = max(self._reached[number], offset)
        return self.rows

    def close(self) -> None:
        """Read no more."""
        self._consumer.close()
