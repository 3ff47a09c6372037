"""What an earlier process delivered and did not live to report: the target's position is ahead of the outcomes."""

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from connectors.delivery.batch import Batch, Failure
from connectors.delivery.trouble import KafkaTrouble
from connectors.topic_end import last_value
from connectors.values import Stream
from schemas import compose, topics
from schemas.dead_letters import Reason
from schemas.kafka import consumer_settings, reader_group
from schemas.kafka_advice import advice
from schemas.records import ConnectorState
from schemas.registry import Decoder, Registry

#: A sink gives a sign of life every few seconds, and its reports are on their way for less than this.
_MARGIN_MS = 60_000
_ANSWER_SECONDS = 30.0

Place: TypeAlias = tuple[str, int]


@dataclass(slots=True)
class Reported:
    """What the sink had said when it was last heard."""

    generation: int = 0
    #: Offset after the last delivery reported, by topic and partition.
    ended: dict[Place, int] = field(default_factory=dict)
    #: What was buried lately, by topic, partition and offset.
    buried: dict[tuple[str, int, int], Reason] = field(default_factory=dict)

    def up_to(self, stream: Stream, *, unheard: int) -> int:
        """Offset after the last delivery reported: 0 where the sink spoke and never of this, else `unheard`."""
        return self.ended.get((stream.topic, stream.partition), 0 if self.generation else unheard)

    def rejected(self, batch: Batch) -> dict[int, Failure]:
        """Which items of a batch that was committed are dead letters, by place."""
        found = {}
        for place, record in enumerate(batch.records):
            reason = self.buried.get((batch.stream.topic, batch.stream.partition, record.offset))
            if reason is not None:
                found[place] = Failure(record, reason)
        return found


def read_reported(bootstrap: str, registry: Registry, system: str) -> Reported:
    """Raises KafkaTrouble, and what the registry raises."""
    try:
        value = last_value(bootstrap, topics.CONNECTORS, f"sink/{system}".encode())
        if value is None:
            return Reported()
        state: ConnectorState = _decoder(registry, "connector_state")(value)
        reported = Reported(state["generation"], _positions(state))
        if state["phase"] != "stopped":
            said = state["time"] // 1000
            _read_outcomes(reported, system, _around(bootstrap, topics.OUTCOMES, said), _decoder(registry, "outcome"))
            letters = _around(bootstrap, topics.DEAD_LETTERS, said)
            _read_letters(reported, system, letters, _decoder(registry, "dead_letter"))
    except KafkaException as error:
        raise KafkaTrouble(
            f"reading what the sink of {system} has said: {error.args[0].str()}; "
            + advice(error.args[0], "see that Kafka runs, or run `lienthong apply` where a topic does not exist")
        ) from error
    return reported


def _positions(state: ConnectorState) -> dict[Place, int]:
    found = {}
    for name, place in json.loads(state["detail"] or "{}").items():
        entity, _, partition = name.partition("/")
        if place["position"] >= 0:
            found[topics.to(state["system"], entity), int(partition or 0)] = place["position"]
    return found


def _read_outcomes(reported: Reported, system: str, values: Iterator[bytes], decode: Callable[[bytes], Any]) -> None:
    ended: dict[Place, int] = {}
    for outcome in map(decode, values):
        if outcome["system"] == system and outcome["result"] == "delivered":
            place = (outcome["topic"], outcome["partition"])
            ended[place] = max(ended.get(place, 0), outcome["last"] + 1)
    # Said together with the last word, but the outcomes are what counts.
    reported.ended.update(ended)


def _read_letters(reported: Reported, system: str, values: Iterator[bytes], decode: Callable[[bytes], Any]) -> None:
    for letter in map(decode, values):
        if letter["system"] == system and letter["stage"] == "sink":
            reason = Reason(letter["reason"], letter["message"], letter["field"])
            reported.buried[letter["topic"], letter["partition"], letter["offset"]] = reason


def _decoder(registry: Registry, name: str) -> Callable[[bytes], Any]:
    return Decoder(registry, compose.load(name)).decode


def _around(bootstrap: str, topic: str, time_ms: int) -> Iterator[bytes]:
    """The values of a topic of one partition that were written around this time. Raises KafkaException."""
    group = reader_group(topic)
    consumer = Consumer(consumer_settings(bootstrap, group, **{"enable.partition.eof": True}))
    try:
        [begin] = consumer.offsets_for_times([TopicPartition(topic, 0, time_ms - _MARGIN_MS)], _ANSWER_SECONDS)
        if begin.offset >= 0:
            consumer.assign([begin])
            yield from _until(consumer, time_ms + _MARGIN_MS)
    finally:
        consumer.close()


def _until(consumer: Consumer, time_ms: int) -> Iterator[bytes]:
    deadline = time.monotonic() + _ANSWER_SECONDS
    while time.monotonic() < deadline:
        message = consumer.poll(0.5)
        if message is None:
            continue
        error = message.error()
        if error is not None and error.code() != KafkaError._PARTITION_EOF:
            raise KafkaException(error)
        if error is not None or _written(message) > time_ms:
            return
        value = message.value()
        if value is not None:
            yield value
    raise KafkaException(KafkaError(KafkaError._TIMED_OUT, "the end of the topic was not reached"))


def _written(message: Message) -> int:
    _, milliseconds = message.timestamp()
    return milliseconds
