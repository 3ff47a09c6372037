"""A connector's memory: its last ConnectorState in the compacted topic `connectors`, written in transactions.

The transactional id is the connector's own, so Kafka itself fences an older process off: its next `keep` fails.
"""

import time
from collections.abc import Sequence
from typing import Final

from confluent_kafka import KafkaError, KafkaException, Producer

from connectors.errors import ConnectorsError, Fenced
from connectors.resync_requests import not_taken_up, remapped, requests
from connectors.topic_end import last_value
from schemas import compose
from schemas.kafka import transactional_settings
from schemas.kafka_advice import advice
from schemas.records import ConnectorState, Phase, Resync, ResyncRequest
from schemas.registry import Decoder, Registry, Writer
from schemas.topics import CONNECTORS

_TRANSACTION_SECONDS: Final = 10.0
_ANSWER_SECONDS: Final = 15.0
_FENCED: Final = frozenset(
    {KafkaError._FENCED, KafkaError.PRODUCER_FENCED, KafkaError.INVALID_PRODUCER_EPOCH, KafkaError.FENCED_INSTANCE_ID}
)


class MemoryUnavailable(ConnectorsError):  # noqa: N818 - reads as what happened
    """Kafka does not answer now: try again."""


class TopicMemory:
    """See `connectors.contract.Memory`. `beat` says again what was kept last, as a sign of life."""

    def __init__(self, bootstrap: str, registry: Registry, system: str, *, fingerprint: str = "") -> None:
        """Fences older processes off and takes the next generation. Raises MemoryUnavailable.

        `fingerprint`: of how the rows are mapped; with another one than was kept, all tables are to be read anew.
        """
        self._bootstrap = bootstrap
        self._system = system
        self._key = f"source/{system}".encode()
        self._transactional_id = f"lienthong.source.{system}"
        schema = compose.load("connector_state")
        self._encode = Writer(registry, f"{CONNECTORS}-value", schema).encode
        self._decode = Decoder(registry, schema).decode
        self._own_requests = [remapped(system, fingerprint)] if fingerprint else []
        self._requests = requests(bootstrap, registry, system)
        self._producer: Producer | None = self._connect()
        self.last: ConnectorState | None = self._read()
        self.generation = self.last["generation"] + 1 if self.last else 1

    def keep(
        self, *, epoch: int, phase: Phase, detail: str = "", message: str = "", resync: Resync | None = None
    ) -> None:
        """See Memory. Raises MemoryUnavailable beside Fenced."""
        state = ConnectorState(
            role="source",
            system=self._system,
            generation=self.generation,
            epoch=epoch,
            phase=phase,
            detail=detail,
            message=message,
            time=time.time_ns() // 1000,
            resync=resync or (self.last["resync"] if self.last else None),
        )
        self._write(self._encode(state))
        self.last = state

    def asked(self) -> Sequence[ResyncRequest]:
        """See Memory. What was asked a moment ago may be heard a moment later."""
        asked = [*self._own_requests, *self._requests.latest().values()]
        return not_taken_up(asked, self.last["resync"] if self.last else None)

    def say(self, phase: Phase, message: str = "") -> None:
        """Another phase, all else as it was kept last. Raises as `keep`."""
        last = self.last
        self.keep(
            epoch=last["epoch"] if last else 0, phase=phase, detail=last["detail"] if last else "", message=message
        )

    def beat(self) -> None:
        """What was kept last, with the time of now. Raises as `keep`."""
        if self.last is not None:
            self.say(self.last["phase"], self.last["message"])

    def _write(self, value: bytes) -> None:
        try:
            producer = self._producer or self._reconnect()
            producer.begin_transaction()
            producer.produce(CONNECTORS, value, self._key)
            self._commit(producer)
        except KafkaException as error:
            self._producer = None
            raise self._trouble("keeping the state", error) from None

    def _commit(self, producer: Producer) -> None:
        """Returns when it is committed; an answer that was lost is asked for again. Raises KafkaException."""
        deadline = time.monotonic() + _ANSWER_SECONDS
        while True:
            try:
                producer.commit_transaction(_TRANSACTION_SECONDS)
                return
            except KafkaException as error:
                if not error.args[0].retriable() or time.monotonic() > deadline:
                    raise

    def _connect(self) -> Producer:
        settings = transactional_settings(
            self._bootstrap, self._transactional_id, seconds=_TRANSACTION_SECONDS, **{"linger.ms": 0}
        )
        producer = Producer(settings)
        try:
            producer.init_transactions(_ANSWER_SECONDS)
        except KafkaException as error:
            raise self._trouble("taking the next generation", error) from None
        return producer

    def _reconnect(self) -> Producer:
        """After trouble. To take the id back unasked would fence off whoever has started since."""
        found = self._read()
        if found is not None and found["generation"] > self.generation:
            raise Fenced(f"keeping the state of {self._system}: generation {found['generation']} has started")
        self._producer = self._connect()
        return self._producer

    def _read(self) -> ConnectorState | None:
        try:
            value = last_value(self._bootstrap, CONNECTORS, self._key)
        except KafkaException as error:
            raise self._trouble("reading the last state", error) from None
        state: ConnectorState | None = None if value is None else self._decode(value)
        return state

    def _trouble(self, doing: str, error: KafkaException) -> ConnectorsError:
        code = error.args[0].code()
        if code in _FENCED:
            return Fenced(f"{doing} of {self._system}: another process has started")
        if code in (KafkaError._UNKNOWN_TOPIC, KafkaError.UNKNOWN_TOPIC_OR_PART):
            return MemoryUnavailable(f"{doing} of {self._system}: no topic {CONNECTORS}; run `lienthong apply`")
        return MemoryUnavailable(f"{doing} of {self._system}: {error.args[0].str()}; {advice(error.args[0])}")
