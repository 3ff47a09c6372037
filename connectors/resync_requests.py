"""Requests that tables be read anew, in the compacted topic `resyncs`: who asks, and which source takes it up."""

import time
from collections.abc import Iterable, Sequence
from typing import Final
from uuid import uuid4

from confluent_kafka import Consumer, KafkaError, Producer, TopicPartition

from connectors.errors import ConnectorsError
from schemas import compose
from schemas.kafka import consumer_settings, producer_settings
from schemas.records import Resync, ResyncRequest
from schemas.registry import Decoder, Registry, Writer
from schemas.topics import RESYNCS

#: As `resource` of a request: all tables that the system publishes. The second: because their mapping is another one.
ALL: Final = "*"
REMAPPED: Final = "*remapped"
NOTHING: Final[Resync] = {"taken": {}, "answers": [], "resource": "", "left": 0, "rows": 0, "expected": 0}

_LOOK_SECONDS: Final = 0.5
_FIRST_LOOK_SECONDS: Final = 5.0
_ANSWER_SECONDS: Final = 15.0


class NotAsked(ConnectorsError):  # noqa: N818 - reads as what happened
    """Kafka has not taken the request."""


def ask(bootstrap: str, registry: Registry, *, system: str, resource: str, rate: int) -> ResyncRequest:
    """Ask a source to read a table, or ALL, anew; a request of the same that is not yet taken up is replaced.

    Returns once Kafka has acknowledged it. Raises NotAsked, and what the registry raises.
    """
    request = ResyncRequest(id=uuid4().hex, system=system, resource=resource, rate=rate, time=time.time_ns() // 1000)
    value = Writer(registry, f"{RESYNCS}-value", compose.load("resync_request")).encode(request)
    refused: list[KafkaError | None] = []
    producer = Producer(producer_settings(bootstrap, **{"delivery.timeout.ms": int(_ANSWER_SECONDS * 1000)}))
    key = f"{system}/{resource}".encode()
    producer.produce(RESYNCS, value, key, on_delivery=lambda error, _: refused.append(error))
    producer.flush(_ANSWER_SECONDS)
    if refused != [None]:
        told = refused[0].str() if refused and refused[0] is not None else "no answer"
        raise NotAsked(f"asking {system} to read {resource} anew: {told}; see that Kafka runs, and `lienthong apply`")
    return request


class Requests:
    """The last request of each kind for one system; it follows the topic, and never waits but at the first look."""

    def __init__(self, bootstrap: str, registry: Registry, system: str) -> None:
        self._bootstrap = bootstrap
        self._system = f"{system}/".encode()
        self._decode = Decoder(registry, compose.load("resync_request")).decode
        self._consumer: Consumer | None = None
        self._next_look = 0.0
        self._latest: dict[bytes, ResyncRequest] = {}

    def latest(self) -> Iterable[ResyncRequest]:
        """As far as Kafka answers. Raises what the registry raises."""
        now = time.monotonic()
        if now >= self._next_look:
            self._next_look = now + _LOOK_SECONDS
            if self._consumer is None:
                self._consumer = self._follow()
                self._read(self._consumer, until=now + _FIRST_LOOK_SECONDS)
            else:
                self._read(self._consumer, until=now)
        return self._latest.values()

    def _follow(self) -> Consumer:
        more = {"enable.partition.eof": True, "log_level": 0, "error_cb": lambda _: None}
        consumer = Consumer(consumer_settings(self._bootstrap, f"lienthong.{RESYNCS}.{uuid4()}", **more))
        consumer.assign([TopicPartition(RESYNCS, 0, 0)])
        return consumer

    def _read(self, consumer: Consumer, *, until: float) -> None:
        """To the end of the topic, or until the moment has come and nothing more is here."""
        while True:
            message = consumer.poll(max(0.0, until - time.monotonic()))
            # The end, or trouble: then what was asked is heard later, when the topic is there and Kafka answers.
            if message is None or message.error() is not None:
                return
            key, value = message.key() or b"", message.value()
            if key.startswith(self._system):
                self._take(key, value)

    def _take(self, key: bytes, value: bytes | None) -> None:
        if value is None:
            self._latest.pop(key, None)
        else:
            self._latest[key] = self._decode(value)


def remapped(system: str, fingerprint: str) -> ResyncRequest:
    """What a source asks itself: to read all tables anew when what they mean has changed, as the fingerprint says."""
    return ResyncRequest(id=fingerprint, system=system, resource=REMAPPED, rate=0, time=0)


def concerns(request: ResyncRequest, tables: Iterable[str]) -> list[str]:
    """Those of the published tables that are to be read anew."""
    return [table for table in tables if request["resource"] in (ALL, REMAPPED, table)]


def not_taken_up(latest: Iterable[ResyncRequest], known: Resync | None) -> Sequence[ResyncRequest]:
    """Requests that a source has not taken up."""
    taken = known["taken"] if known else {}
    return [request for request in latest if taken.get(request["resource"]) != request["id"]]


def taken_up(known: Resync | None, requests: Iterable[ResyncRequest]) -> Resync:
    """What to keep once these requests are taken up."""
    listed = list(requests)
    before = known or NOTHING
    taken = before["taken"] | {request["resource"]: request["id"] for request in listed}
    answers = dict.fromkeys([*before["answers"], *(request["id"] for request in listed)])
    return {**before, "taken": taken, "answers": list(answers)}


def finished(known: Resync | None) -> Resync | None:
    """What to keep once all that was taken up is done."""
    return None if known is None else {**NOTHING, "taken": known["taken"]}


def is_done(request: ResyncRequest, known: Resync | None) -> bool:
    """Whether a source has read all that was asked for."""
    if known is None or known["taken"].get(request["resource"]) != request["id"]:
        return False
    return request["id"] not in known["answers"]
