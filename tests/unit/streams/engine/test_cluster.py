"""A client that never answers is Kafka that does not answer."""

from concurrent.futures import Future

import pytest
from confluent_kafka import KafkaError, KafkaException

from streams.engine import cluster


def test_a_future_without_an_end_is_no_answer_from_kafka(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "_PATIENCE", -1.0)
    with pytest.raises(KafkaException) as raised:
        cluster._answer(Future[int]())
    assert raised.value.args[0].code() == KafkaError._TIMED_OUT
