"""Positions for targets that have no transactions: offsets of a Kafka consumer group, written by one owner at a time.

The owner of a stream has a transactional producer; whoever takes the stream over has the next one of the same name, and
Kafka refuses the older from then on. Each commit carries topic id and generation in its metadata.

Kafka forgets the offsets of a group that says nothing for `offsets.retention.minutes` (7 days by default); `take` and
each `prove` say something. What is forgotten is delivered again from the topic's beginning, under the same versions.

Metadata of two words are of format 1; a later format says its number as the third.
"""

import time
from dataclasses import dataclass
from typing import Final, NamedTuple

from confluent_kafka import Consumer, KafkaError, KafkaException, Producer, TopicPartition

from connectors.errors import Fenced, SinkUnavailable
from connectors.values import Stream
from schemas.formats import newer
from schemas.kafka import consumer_settings, transactional_settings
from schemas.kafka_advice import advice
from schemas.offsets_in_transactions import OffsetsStuck, send_offsets

_FENCED: Final = (KafkaError._FENCED, KafkaError.PRODUCER_FENCED, KafkaError.INVALID_PRODUCER_EPOCH)
#: A broker that has just begun, or has just taken the group over.
_SETTLING: Final = (
    KafkaError.NOT_COORDINATOR,
    KafkaError.COORDINATOR_NOT_AVAILABLE,
    KafkaError.COORDINATOR_LOAD_IN_PROGRESS,
)
_SETTLING_SECONDS: Final = 0.1
_ANSWER_SECONDS: Final = 15.0
#: A call that has not kept its time-out by then will not.
_STUCK_SECONDS: Final = 20.0
#: Transactions are over in moments; a longer one is ended by Kafka. So long librdkafka waits for a Kafka that is away,
#: whatever time-out it is given.
_TRANSACTION_SECONDS: Final = 10.0
#: Of the metadata; two words say no format.
_FORMAT: Final = 1


class _Kept(NamedTuple):
    """What Kafka has of a stream."""

    offset: int
    topic_id: str
    generation: int


@dataclass(slots=True)
class _Place:
    """What this owner knows of a stream. No producer: something went wrong, and Kafka is to be asked again."""

    generation: int
    offset: int = 0
    producer: Producer | None = None
    proved_at: float = 0.0
    is_fenced: bool = False


class GroupPositions:
    """Bound to one consumer group, which nobody joins. Every method raises SinkUnavailable when Kafka cannot answer."""

    def __init__(self, bootstrap: str, group: str) -> None:
        self._bootstrap = bootstrap
        self._group = group
        self._consumer: Consumer | None = None
        self._places: dict[Stream, _Place] = {}

    def take(self, stream: Stream) -> int:
        """Where the stream goes on. Takes it from whoever has it, the first time; after that Fenced if lost."""
        held = self._places.get(stream)
        if held is None or held.producer is None:
            held = self._places[stream] = self._begin(stream, held)
        self._commit(stream, held, held.offset)
        return held.offset

    def expect(self, stream: Stream, offset: int) -> None:
        """Raises Fenced where the stream does not stand here."""
        place = self._place(stream)
        if place.offset != offset:
            raise Fenced(f"going on with {stream.topic} at {offset}: it stands at {place.offset}; another sink has it")

    def prove(self, stream: Stream, *, every: float) -> None:
        """Ask Kafka whether the stream is still ours, unless it has said so in the last `every` seconds. Or Fenced."""
        place = self._place(stream)
        if time.monotonic() - place.proved_at >= every:
            self._commit(stream, place, place.offset)

    def advance(self, stream: Stream, offset: int) -> None:
        """All before `offset` is written. Raises Fenced; after SinkUnavailable `take` tells whether it is kept."""
        self._commit(stream, self._place(stream), offset)

    def close(self) -> None:
        """Leave the streams to whoever takes them. What was taken stays known: it is not taken a second time."""
        for place in self._places.values():
            place.producer = None
        if self._consumer is not None:
            self._consumer.close()
        self._consumer = None

    def _begin(self, stream: Stream, held: _Place | None) -> _Place:
        doing = f"taking the position of {stream.topic}"
        # Before the producer is made: that would end whoever has taken over, or is of a newer version.
        kept = self._kept(stream, doing)
        if held is not None:
            _check_ours(stream, held, kept)
        name = f"{self._group}.{stream.topic}.{stream.partition}"
        more = {"delivery.timeout.ms": int(_TRANSACTION_SECONDS * 500)}
        producer = Producer(transactional_settings(self._bootstrap, name, seconds=_TRANSACTION_SECONDS, **more))
        try:
            producer.init_transactions(_ANSWER_SECONDS)
        except KafkaException as error:
            raise _unavailable(doing, error) from error
        kept = self._kept(stream, doing)
        if held is not None:
            _check_ours(stream, held, kept)
        offset = kept.offset if kept.topic_id == stream.topic_id else 0
        return _Place(held.generation if held else kept.generation + 1, offset, producer)

    def _commit(self, stream: Stream, place: _Place, offset: int) -> None:
        doing = f"keeping the position of {stream.topic} at {offset}"
        producer = place.producer
        if producer is None:
            raise SinkUnavailable(f"{doing}: the sink is not open for it; open it")
        kept = TopicPartition(stream.topic, stream.partition, offset, f"{stream.topic_id} {place.generation}")
        try:
            metadata = self._reader().consumer_group_metadata()
            producer.begin_transaction()
            send_offsets(producer, [kept], metadata, timeout=_ANSWER_SECONDS, patience=_STUCK_SECONDS)
            producer.commit_transaction(_ANSWER_SECONDS)
        except OffsetsStuck as error:
            place.producer = None
            raise SinkUnavailable(f"{doing}: {error}; see that Kafka runs") from error
        except KafkaException as error:
            # Whether it is committed is not known: the next producer of this name ends it, and then Kafka tells.
            place.producer = None
            if error.args[0].code() in _FENCED:
                place.is_fenced = True
                raise _fenced(doing) from error
            raise _unavailable(doing, error) from error
        place.offset = offset
        place.proved_at = time.monotonic()

    def _kept(self, stream: Stream, doing: str) -> _Kept:
        until = time.monotonic() + _ANSWER_SECONDS
        while True:
            try:
                [found] = self._reader().committed([TopicPartition(stream.topic, stream.partition)], _ANSWER_SECONDS)
                break
            except KafkaException as error:
                if error.args[0].code() not in _SETTLING or time.monotonic() > until:
                    raise _unavailable(doing, error) from error
                time.sleep(_SETTLING_SECONDS)
        topic_id, _, more = (found.metadata or "").partition(" ")
        generation, _, told = more.partition(" ")
        if refused := newer("its metadata", found=int(told) if told.isdigit() else _FORMAT, known=_FORMAT):
            raise SinkUnavailable(f"{doing}: {refused}")
        return _Kept(max(0, found.offset), topic_id, int(generation) if generation.isdigit() else 0)

    def _reader(self) -> Consumer:
        if self._consumer is None:
            self._consumer = Consumer(consumer_settings(self._bootstrap, self._group))
        return self._consumer

    def _place(self, stream: Stream) -> _Place:
        place = self._places.get(stream)
        if place is not None and place.is_fenced:
            raise _fenced(f"writing {stream.topic}")
        if place is None or place.producer is None:
            raise SinkUnavailable(f"writing {stream.topic}: the sink is not open for it; open it")
        return place


def _check_ours(stream: Stream, held: _Place, kept: _Kept) -> None:
    if held.is_fenced or (kept.generation and kept.generation != held.generation):
        raise _fenced(f"going on with {stream.topic} as generation {held.generation}")


def _fenced(doing: str) -> Fenced:
    return Fenced(f"{doing}: another sink has taken over, so this one stops")


def _unavailable(doing: str, error: KafkaException) -> SinkUnavailable:
    return SinkUnavailable(f"{doing}: {error.args[0].str()}; {advice(error.args[0])}")
