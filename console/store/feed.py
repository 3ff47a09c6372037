"""Reads Kafka into the store: outcomes and dead letters for what they say, all other topics only to count them."""

import time
from collections.abc import Sequence
from typing import Any, Final

import psycopg
import structlog
from confluent_kafka import Consumer, KafkaError, KafkaException, Message
from psycopg import Connection

from console.decoding import Decoder
from console.reading import Place, quiet_client
from console.store.beginnings import begin, first_counted, forget, positions
from console.store.database import unavailable
from console.store.keeping import Fed, Keeper
from console.store.stretches import stretches
from console.store.topic_places import TOLD, by_offset, edges, find_places, unanswered
from console.store_metrics import KEPT, UNREADABLE
from schemas import topics
from schemas.codec import CodecError
from schemas.kafka import consumer_settings, reader_group
from schemas.kafka_advice import FORBIDDEN
from schemas.settings import Settings
from schemas.topic_edges import topic_edges

_MOST_RECORDS: Final = 10_000
_FETCH_MS: Final = 200
_LOOK_SECONDS: Final = 10.0
_PATIENCE_SECONDS: Final = 30.0
#: A topic that is compacted or shortened under the reader's feet.
_OUT_OF_RANGE: Final = (KafkaError._AUTO_OFFSET_RESET, KafkaError.OFFSET_OUT_OF_RANGE)
_GONE: Final = (KafkaError.UNKNOWN_TOPIC_OR_PART, KafkaError._UNKNOWN_TOPIC, KafkaError._UNKNOWN_PARTITION)

_log = structlog.get_logger(__name__)


class Feed:
    """One reader into one store. After any error: close it and make another, which goes on where the store stands."""

    def __init__(self, settings: Settings, connection: Connection[Any]) -> None:
        """Nothing is read yet."""
        self._settings = settings
        self._connection = connection
        self._decoder = Decoder(settings)
        # The group's name is for logs and quotas: positions live in the store. All topics are read: asked for each
        # record as it comes, Kafka would have more to do for the account than for those who wait for the records.
        patient = {"fetch.min.bytes": 1_000_000, "fetch.wait.max.ms": _FETCH_MS}
        more = quiet_client(settings.kafka) | {"auto.offset.reset": "error", "enable.partition.eof": True} | patient
        self._consumer = Consumer(consumer_settings(settings.kafka, reader_group("store"), **more))
        self._positions: dict[Place, int] = {}
        self._ids: dict[Place, str] = {}
        self._look_at = 0.0
        #: Partitions whose end has been reached since they were assigned.
        self._at_end: set[Place] = set()

    @property
    def caught_up(self) -> bool:
        """Whether everything has been kept that stood there when it was last looked at."""
        return self._look_at > 0 and self._positions.keys() <= self._at_end

    def step(self, seconds: float) -> None:
        """Keep what comes within so many seconds. The first step reads up all that was said.

        Raises StoreUnavailable, Unanswered, Overtaken, and what the registry raises.
        """
        try:
            if time.monotonic() > self._look_at and self._has_changed():
                self._open()
            messages = self._consumer.consume(_MOST_RECORDS, seconds)
            if messages:
                self._keep(messages)
        except KafkaException as error:
            raise unanswered(self._settings, "feeding the store", error) from error
        except psycopg.Error as error:
            raise unavailable("feeding the store", error) from error

    def close(self) -> None:
        """No further steps."""
        self._consumer.close()

    def _open(self) -> None:
        """What is told is read up first: from where something is counted depends on what has met its end."""
        ids = self._ids = find_places(self._settings)
        self._look_at = time.monotonic() + _LOOK_SECONDS
        self._consumer.unassign()
        for place, (topic_id, offset) in positions(self._connection).items():
            low = edges(self._consumer, place).low if place in ids else 0
            if ids.get(place) != topic_id or low > offset:
                _log.warning("a topic is another one, gone or shortened: its account begins anew", topic=place[0])
                forget(self._connection, place)
        for topic in sorted({*TOLD} - {name for name, _ in ids}):
            _log.warning("a topic is not there, or may not be seen: run `lienthong apply`, or allow it", topic=topic)
        is_new = not positions(self._connection)
        self._begin([place for place in ids if place[0] in TOLD])
        self._keeper = Keeper(self._connection)
        self._assign(told_only=True)
        self._read_up()
        self._begin([place for place in ids if place[0] not in TOLD], is_late=is_new)
        self._keeper = Keeper(self._connection)
        self._assign(told_only=False)

    def _begin(self, places: Sequence[Place], *, is_late: bool = False) -> None:
        """`is_late`: the topics were there before the store, which begins in their midst."""
        known = positions(self._connection)
        for place in places:
            if place not in known:
                found = edges(self._consumer, place)
                since = first_counted(self._connection, place, found) if is_late else found.low
                begin(self._connection, place, self._ids[place], since=since, horizon=found.horizon)

    def _assign(self, *, told_only: bool) -> None:
        known = positions(self._connection)
        self._positions = {
            place: offset
            for place, (_, offset) in known.items()
            if place in self._ids and (place[0] in TOLD or not told_only)
        }
        self._at_end = set()
        self._consumer.assign(by_offset(self._positions.items()))

    def _read_up(self) -> None:
        """To the end of the told topics as it is now: where changes flow without a pause, more comes all the time."""
        ends = {place: topic_edges(self._consumer, *place, seconds=_PATIENCE_SECONDS)[1] for place in self._positions}
        waiting = time.monotonic() + _PATIENCE_SECONDS
        while any(place not in self._at_end and self._positions.get(place, end) < end for place, end in ends.items()):
            messages = self._consumer.consume(_MOST_RECORDS, 0.2)
            if messages:
                waiting = time.monotonic() + _PATIENCE_SECONDS
                self._keep(messages)
            elif time.monotonic() > waiting:
                raise unanswered(self._settings, "reading up the outcomes", TimeoutError())

    def _has_changed(self) -> bool:
        self._look_at = time.monotonic() + _LOOK_SECONDS
        return find_places(self._settings) != self._ids

    def _keep(self, messages: Sequence[Message]) -> None:
        fed = self._sorted(messages)
        if self._keeper.suspects(fed.outcomes) and self._has_changed():
            self._open()
            return
        if fed.ends:
            self._keeper.keep(fed)
        self._positions |= {place: after for place, (_, after) in fed.ends.items()}
        KEPT.inc(len(fed.outcomes) + len(fed.letters))

    def _sorted(self, messages: Sequence[Message]) -> Fed:
        fed, offsets = Fed(), dict[Place, list[tuple[int, int]]]()
        for message in messages:
            place = self._place(message)
            if place is None:
                continue
            self._at_end.discard(place)
            offset = message.offset() or 0
            before = fed.ends[place][0] if place in fed.ends else self._positions[place]
            fed.ends[place] = (before, offset + 1)
            if place[0] in TOLD:
                self._tell(fed, place[0], message.value())
            elif len(message) or topics.place(place[0]).kind != "to":
                # A tombstone in a delivery topic closes a grave: nothing is due.
                offsets.setdefault(place, []).append((offset, message.timestamp()[1] * 1000))
        fed.standing = {place: stretches(each) for place, each in offsets.items()}
        return fed

    def _tell(self, fed: Fed, topic: str, value: bytes | None) -> None:
        try:
            if topic == topics.OUTCOMES:
                fed.outcomes.append(self._decoder.outcome(value or b""))
            else:
                fed.letters.append(self._decoder.dead_letter(value or b""))
        except CodecError as error:
            UNREADABLE.labels(topic).inc()
            _log.error("a record cannot be read: it is left out", topic=topic, problem=str(error))

    def _place(self, message: Message) -> Place | None:
        """None for what is no record. Raises Unanswered for what another opening mends, and for what is forbidden."""
        error, place = message.error(), (message.topic() or "", message.partition() or 0)
        if error is None:
            return place
        if error.code() == KafkaError._PARTITION_EOF:
            self._at_end.add(place)
        elif error.code() in (*_OUT_OF_RANGE, *_GONE, *FORBIDDEN):
            raise unanswered(self._settings, f"reading {place[0] or 'topics'} into the store", KafkaException(error))
        return None
