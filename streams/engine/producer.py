"""One transactional producer, on one thread at a time: a round of batches becomes one transaction."""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from functools import partial
from typing import TypeVar

import structlog
from confluent_kafka import KafkaError, KafkaException, Message, Producer, TopicPartition

from streams.engine import metrics
from streams.engine.assignment import Assignment
from streams.engine.batch import Batch
from streams.engine.checkpoint import Checkpoint
from streams.engine.errors import AbandonedError, EngineError, RoundError
from streams.engine.fail_stop import fail_stop
from streams.engine.records import Headers
from streams.engine.settings import EngineSettings
from streams.engine.transactional_client import TransactionalClient
from streams.engine.watchdog import Watchdog

_log = structlog.get_logger(__name__)
_T = TypeVar("_T")
#: Seconds for one call; after it progress is reported and the call repeated.
_PATIENCE = 2.0
#: Seconds after which a call for the offsets, which has not kept its time-out, is left behind with its client.
_LEFT_BEHIND = 5.0
#: Seconds after which a call has not kept its time-out: the client is stuck, and only a new process helps.
_STUCK = 20.0
#: What the broker would refuse again, however often it is tried.
_DATA_CODES = frozenset(
    {
        KafkaError.MSG_SIZE_TOO_LARGE,
        KafkaError.RECORD_LIST_TOO_LARGE,
        KafkaError.INVALID_RECORD,
        KafkaError.INVALID_MSG,
        KafkaError.TOPIC_EXCEPTION,
        KafkaError._INVALID_ARG,
        KafkaError._UNKNOWN_PARTITION,
    }
)

#: What the client says of a transaction in which a delivery has failed, before it starts a call and during one.
_DELIVERY_FAILED = (KafkaError._INCONSISTENT, KafkaError._STATE)
_USELESS = (
    "its transactional producer is of no more use: another worker has the same name, or a transaction outlived its "
    "time-out; after the restart work goes on where it was committed"
)


class Refusal(Enum):
    """Why a transaction was aborted, as far as that says what to do next."""

    OUTAGE = "outage"  #: nothing is wrong with the batches: try again
    DATA = "data"  #: a record was refused and would be again
    UNCLEAR = "unclear"  #: a delivery failed; only a round in which all deliveries report tells which and why


class AbortedError(RoundError):
    """The round's transaction was aborted; its batches can be committed by another round, or given up."""

    def __init__(self, refusal: Refusal, cause: BaseException, guilty: Batch | None) -> None:
        super().__init__(f"committing a round: {cause}")
        self.refusal = refusal
        self.guilty = guilty


@dataclass(slots=True)
class Round:
    """Batches that are committed together; all of one assignment."""

    batches: list[Batch]
    #: Whether every delivery reports, to learn the cause of a failure; without, only the ones that are needed do.
    is_diagnosis: bool = False
    failures: list[tuple[Batch, KafkaError]] = field(default_factory=list)
    #: The batch whose records are being produced.
    writing: Batch | None = None

    @property
    def assignment(self) -> Assignment:
        """The assignment that all its batches belong to."""
        return self.batches[0].assignment


class RoundProducer:
    """Owns one transactional id. Blocking; never used by two threads at once."""

    def __init__(self, index: int, settings: EngineSettings, watchdog: Watchdog) -> None:
        self._settings = settings
        self._watchdog = watchdog
        self._is_stopping = False
        self._name = f"round on {settings.transactional_id(index)}"
        self._client = TransactionalClient(settings.producer_config(index))

    def stop(self) -> None:
        """Wait for no more answers: what runs ends soon, its outcome unknown. From any thread."""
        self._is_stopping = True

    def start(self) -> None:
        """Fence a predecessor of the same name and abort what it left open. Waits for the broker without end."""
        self._client.renew(self._initialise)
        self._watchdog.rest(self._name)

    def _renew(self, reason: str) -> None:
        """The new client fences the old one, and the broker aborts what that has open."""
        _log.info(reason, doing=self._name)
        metrics.PRODUCERS_RENEWED.labels(self._settings.group).inc()
        self._client.renew(self._initialise)

    def _initialise(self, producer: Producer) -> None:
        self._until_answered(lambda: producer.init_transactions(_PATIENCE * 5))

    def commit(self, round_: Round) -> None:
        """Write everything, commit, apply the states. A fatal error ends the process.

        Raises AbortedError when the transaction was aborted, AbandonedError when ``stop`` came before its end.
        """
        self._watchdog.report(self._name, within=_STUCK)
        if self._client.is_doubtful():
            self._renew("a connection broke: what is still on its way must not count any more")
        producer = self._client.producer
        try:
            producer.begin_transaction()
            for batch in round_.batches:
                self._write(batch, round_)
            self._send_offsets(round_)
            self._flush()
            self._until_answered(lambda: producer.commit_transaction(_PATIENCE))
        except AbandonedError:
            raise
        except Exception as error:
            raise self._abort(round_, error) from error
        finally:
            self._watchdog.rest(self._name)
        for batch in round_.batches:
            _apply(batch)
            batch.is_committed = True

    def _write(self, batch: Batch, round_: Round) -> None:
        round_.writing = batch
        report = partial(_note_failure, round_, batch) if round_.is_diagnosis else None
        for topic, key, value, partition, headers in batch.outbox:
            self._produce(topic, value, key, -1 if partition is None else partition, report, headers)
        changes = batch.state.changes
        for number, (key, value) in enumerate(changes.items(), start=1):
            # The last one tells how far the changelog goes.
            told = partial(_note_changelog, round_, batch) if number == len(changes) else report
            self._produce(self._settings.changelog, value, key, batch.partition, told)
        round_.writing = None

    def _produce(  # noqa: PLR0913, PLR0917 - called for every record, as the client has it
        self,
        topic: str,
        value: bytes | None,
        key: bytes | None,
        partition: int,
        on_delivery: Callable[[KafkaError | None, Message], None] | None,
        headers: Headers | None = None,
    ) -> None:
        while True:
            try:
                self._client.producer.produce(
                    topic,
                    value,
                    key,
                    partition,
                    on_delivery,
                    headers=headers,  # type: ignore[arg-type]  # it only reads them
                )
                return
            except BufferError:  # the client's queue is full: let it drain
                self._go_on()
                self._client.producer.poll(0.05)

    def _send_offsets(self, round_: Round) -> None:
        offsets = [TopicPartition(batch.topic, batch.partition, batch.next_offset) for batch in round_.batches]
        metadata = round_.assignment.metadata

        def send() -> None:
            if not round_.assignment.is_current:
                raise RoundError("committing a round: its partitions were taken away")
            self._client.send_offsets(offsets, metadata, timeout=_PATIENCE, patience=_LEFT_BEHIND)

        self._until_answered(send)

    def _flush(self) -> None:
        # The delivery reports must be in before the commit: the checkpoint needs one.
        while self._client.producer.flush(_PATIENCE):
            self._go_on()

    def _abort(self, round_: Round, error: Exception) -> AbortedError:
        try:
            _stop_if_fatal(error)
            if self._client.is_stuck:
                self._renew("a call did not return: its client is left behind")
            else:
                self._until_answered(lambda: self._client.producer.abort_transaction(_PATIENCE))
        except KafkaException as failure:
            fail_stop(f"a transaction could not be aborted; {_USELESS}", error=str(failure), after=str(error))
        # Not before: by now every delivery has reported.
        return AbortedError(*_judge(round_, error))

    def _until_answered(self, call: Callable[[], _T]) -> _T:
        """Repeat a call that may be repeated until it returns or fails for good."""
        while True:
            self._go_on()
            try:
                return call()
            except KafkaException as error:
                _stop_if_fatal(error)
                if not _kafka_error(error).retriable():
                    raise
                _log.warning("Kafka does not answer: trying again", doing=self._name, error=str(error))

    def _go_on(self) -> None:
        self._watchdog.report(self._name, within=_STUCK)
        if self._is_stopping:
            raise AbandonedError("committing a round: the engine stops")


def _apply(batch: Batch) -> None:
    changes, state = batch.state.changes, batch.home.state
    if not changes or state is None:
        return
    try:
        if batch.changelog_next is None:
            raise EngineError("applying a committed batch: the changelog's delivery was not reported")
        state.apply(changes, Checkpoint(batch.home.changelog_id, batch.changelog_next))
    except Exception as error:
        # Once the partition is gone its state may be closed: whoever owns it next restores it from the changelog.
        if batch.counts:
            fail_stop("a committed batch could not be written to the local state; check the disk", error=str(error))


def _note_changelog(round_: Round, batch: Batch, error: KafkaError | None, message: Message) -> None:
    _note_failure(round_, batch, error, message)
    offset = message.offset()
    if error is None and offset is not None:
        batch.changelog_next = offset + 1


def _note_failure(round_: Round, batch: Batch, error: KafkaError | None, _message: Message) -> None:
    # What is purged by an abort failed because of another record.
    if error is not None and error.code() not in (KafkaError._PURGE_QUEUE, KafkaError._PURGE_INFLIGHT):
        round_.failures.append((batch, error))


def _judge(round_: Round, error: Exception) -> tuple[Refusal, BaseException, Batch | None]:
    """What an error says about the round, before its transaction is aborted."""
    guilty = round_.batches[0] if len(round_.batches) == 1 else round_.writing
    if round_.failures:
        guilty, cause = round_.failures[0]
        return _refusal(cause.code()), KafkaException(cause), guilty
    if isinstance(error, KafkaException):
        code = _kafka_error(error).code()
        if code in _DELIVERY_FAILED and not round_.is_diagnosis:
            return Refusal.UNCLEAR, error, None
        return _refusal(code), error, guilty
    if isinstance(error, RoundError):
        return Refusal.OUTAGE, error, None
    # produce() refused a value that is no bytes, a header that is no pair, and the like.
    return Refusal.DATA, error, guilty


def _refusal(code: int) -> Refusal:
    return Refusal.DATA if code in _DATA_CODES else Refusal.OUTAGE


def _kafka_error(error: KafkaException) -> KafkaError:
    return error.args[0]  # type: ignore[no-any-return]


def _stop_if_fatal(error: Exception) -> None:
    if isinstance(error, KafkaException) and (
        _kafka_error(error).fatal() or _kafka_error(error).code() == KafkaError._FENCED
    ):
        fail_stop(_USELESS, error=str(error))
