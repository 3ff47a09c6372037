"""What a sink reports to Kafka: dead letters, outcomes, and its own state."""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeAlias

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from connectors.delivery.batch import Batch, Failure
from connectors.delivery.outcomes import Reporter, outcomes_of
from connectors.delivery.trouble import KafkaTrouble
from schemas import compose, topics
from schemas.dead_letters import Origin, bury
from schemas.kafka import MAX_RECORD_BYTES, producer_settings
from schemas.kafka_advice import advice
from schemas.records import ConnectorState, DeadLetter
from schemas.registry import Registry, Writer
from schemas.sealing import Seal

#: What a dead letter holds beside its payload, and the cipher's own bytes.
_ENVELOPE_BYTES = 4_000
_SAFE_SECONDS = 30.0
_LINGER_MS = 100

Answered: TypeAlias = Callable[[KafkaError | None, Message], None]


class Reports:
    """Shared by all threads of a process."""

    def __init__(self, bootstrap: str, registry: Registry, seal: Seal, reporter: Reporter) -> None:
        """Raises what the registry raises."""
        # Nobody waits for them, but for dead letters: those are flushed.
        self._producer = Producer(producer_settings(bootstrap, **{"linger.ms": _LINGER_MS}))
        self._seal = seal
        self.reporter = reporter
        self._dead_letter, self._outcome, self._state = (
            Writer(registry, f"{topic}-value", compose.load(name)).encode
            for topic, name in (
                (topics.DEAD_LETTERS, "dead_letter"),
                (topics.OUTCOMES, "outcome"),
                (topics.CONNECTORS, "connector_state"),
            )
        )

    def bury(self, batch: Batch, failures: Sequence[Failure]) -> None:
        """Returns when Kafka has acknowledged a dead letter of each. Raises KafkaTrouble when it does not."""
        letters = (self._letter(batch, failure) for failure in failures)
        records = ((topics.DEAD_LETTERS, letter["id"].encode(), self._dead_letter(letter)) for letter in letters)
        self._send_safely(records, f"burying what cannot be delivered to {self.reporter.system}")

    def delivered(self, batch: Batch, rejected: Mapping[int, Failure]) -> None:
        """Say what became of a batch that the target has committed. `rejected` by place in its items."""
        for outcome in outcomes_of(self.reporter, batch, rejected):
            self._send(topics.OUTCOMES, None, self._outcome(outcome))
        self._producer.poll(0)

    def say(self, state: ConnectorState, *, safely: bool = False) -> None:
        """This connector's last word. `safely`: returns when Kafka has acknowledged it, raises KafkaTrouble else."""
        word = topics.CONNECTORS, f"{state['role']}/{state['system']}".encode(), self._state(state)
        if safely:
            self._send_safely([word], f"saying that the sink of {state['system']} begins")
            return
        self._send(*word)
        self._producer.poll(0)

    def flush(self, seconds: float) -> None:
        """Wait for what is still on its way."""
        self._producer.flush(seconds)

    def _send_safely(self, records: Iterable[tuple[str, bytes, bytes]], doing: str) -> None:
        """`records` may be large, and are made one after the other."""
        sent = 0
        answers: list[KafkaError | None] = []

        def answered(error: KafkaError | None, _: Message) -> None:
            answers.append(error)

        for record in records:
            self._send(*record, answered)
            sent += 1
        until = time.monotonic() + _SAFE_SECONDS
        while len(answers) < sent and time.monotonic() < until:
            self._producer.flush(0.05)
        refused = [error for error in answers if error is not None]
        if refused or len(answers) < sent:
            told = f"{refused[0].str()}; {advice(refused[0])}" if refused else "no answer; see that Kafka runs"
            raise KafkaTrouble(f"{doing}: {told}")

    def _send(self, topic: str, key: bytes | None, value: bytes, answered: Answered | None = None) -> None:
        while True:
            try:
                return self._producer.produce(topic, value, key, on_delivery=answered)
            except BufferError:
                self._producer.poll(0.1)
            except KafkaException as error:
                raise KafkaTrouble(f"writing to {topic}: {error.args[0].str()}; {advice(error.args[0])}") from error

    def _letter(self, batch: Batch, failure: Failure) -> DeadLetter:
        record = failure.record
        return bury(
            self._seal,
            system=self.reporter.system,
            entity=batch.stream.entity,
            stage="sink",
            reason=failure.reason,
            event_id=record.event_id,
            origin=Origin(batch.stream.topic, batch.stream.partition, record.offset),
            payload=record.value if len(record.value) < MAX_RECORD_BYTES - _ENVELOPE_BYTES else None,
            revision=self.reporter.revision,
        )
