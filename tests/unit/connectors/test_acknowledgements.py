from typing import Any

from confluent_kafka import KafkaError

from connectors.acknowledgements import Acknowledgements, Batch


class _Producer:
    """Takes records and keeps their callbacks."""

    def __init__(self, *, full: int = 0) -> None:
        self.answers: list[Any] = []
        self.polled = 0
        self._full = full

    def produce(self, topic: str, value: bytes, *, on_delivery: Any, **more: Any) -> None:
        if self._full:
            self._full -= 1
            raise BufferError
        self.answers.append(on_delivery)

    def poll(self, timeout: float) -> None:
        self.polled += 1


def _batch(producer: _Producer, token: object, records: int) -> Batch:
    batch = Batch(producer, token)  # type: ignore[arg-type]
    for _ in range(records):
        batch.put("t", b"xy", key=b"k")
    return batch


def _answer(producer: _Producer, *places: int, error: KafkaError | None = None) -> None:
    for place in places:
        producer.answers[place](error, None)


def test_a_token_is_given_out_when_all_before_it_are_acknowledged() -> None:
    producer, waiting = _Producer(), Acknowledgements()
    for token, records in ((1, 2), (2, 1), (3, 1)):
        waiting.add(_batch(producer, token, records))
    _answer(producer, 1, 2)
    assert waiting.settled() is None
    assert (waiting.records, waiting.size) == (2, 8)
    _answer(producer, 0)
    assert waiting.settled() == 2
    _answer(producer, 3)
    assert waiting.settled() == 3
    assert waiting.settled() is None


def test_a_batch_without_records_waits_for_those_before_it() -> None:
    producer, waiting = _Producer(), Acknowledgements()
    waiting.add(_batch(producer, 1, 1))
    waiting.add(_batch(producer, 2, 0))
    assert waiting.settled() is None
    _answer(producer, 0)
    assert waiting.settled() == 2


def test_nothing_is_settled_from_a_failure_on() -> None:
    producer, waiting = _Producer(), Acknowledgements()
    for token in (1, 2, 3):
        waiting.add(_batch(producer, token, 1))
    _answer(producer, 0, 2)
    _answer(producer, 1, error=KafkaError(KafkaError.TOPIC_AUTHORIZATION_FAILED))
    assert waiting.settled() == 1
    assert waiting.settled() is None
    assert waiting.failure is not None


def test_a_full_queue_is_waited_for() -> None:
    producer = _Producer(full=3)
    _batch(producer, 1, 1)
    assert (producer.polled, len(producer.answers)) == (3, 1)
