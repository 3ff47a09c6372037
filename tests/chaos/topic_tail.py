"""Whole topics as they stand now, read by a test."""

from collections.abc import Iterator

from confluent_kafka import Consumer, Message, TopicPartition

from schemas.kafka import consumer_settings


def records(bootstrap: str, topic: str) -> Iterator[Message]:
    """All committed records with a value, partition after partition up to its present end. None where it is missing."""
    consumer = Consumer(consumer_settings(bootstrap, "checker", **{"enable.partition.eof": True}))
    try:
        found = consumer.list_topics(topic, timeout=20).topics[topic].partitions
        for number in found:
            consumer.assign([TopicPartition(topic, number, 0)])
            while (message := consumer.poll(20)) is not None and message.error() is None:
                if message.value() is not None:
                    yield message
    finally:
        consumer.close()
