"""Positions in a consumer group, while Kafka itself is in trouble, and after it forgets."""

from collections.abc import Callable

import pytest
from confluent_kafka.admin import AdminClient

from connectors.errors import Fenced, SinkUnavailable
from connectors.group_positions import GroupPositions
from connectors.kit.sink_feed import STREAM
from deploy.embedded.kafka import Kafka
from tests.contract.sinks.rest import topic_for_positions


def test_kafka_goes_and_comes_again(private_kafka: Callable[[], Kafka], monkeypatch: pytest.MonkeyPatch) -> None:
    server = private_kafka()
    topic_for_positions(server.bootstrap)
    positions = GroupPositions(server.bootstrap, "g")
    assert positions.take(STREAM) == 0
    positions.advance(STREAM, 5)
    server.kill()
    with monkeypatch.context() as patch:
        patch.setattr("connectors.group_positions._ANSWER_SECONDS", 1.0)
        with pytest.raises(SinkUnavailable, match="see that Kafka runs"):
            positions.advance(STREAM, 7)
        with pytest.raises(SinkUnavailable, match="open it"):
            positions.prove(STREAM, every=0)
        with pytest.raises(SinkUnavailable, match="see that Kafka runs"):
            positions.take(STREAM)
    server.start()
    server.wait_ready()
    assert positions.take(STREAM) == 5
    positions.advance(STREAM, 7)
    positions.close()
    # Known still: what it left may have been taken by another.
    assert positions.take(STREAM) == 7
    newer = GroupPositions(server.bootstrap, "g")
    assert newer.take(STREAM) == 7
    positions.close()
    with pytest.raises(Fenced):
        positions.take(STREAM)
    newer.advance(STREAM, 8)
    with pytest.raises(Fenced):
        newer.expect(STREAM, 7)
    _forget(server.bootstrap)
    newest = GroupPositions(server.bootstrap, "g")
    assert newest.take(STREAM) == 0
    with pytest.raises(Fenced):
        newer.advance(STREAM, 9)
    with pytest.raises(Fenced):
        newer.take(STREAM)
    newest.advance(STREAM, 1)


def _forget(bootstrap: str) -> None:
    """As Kafka does with offsets that are too old."""
    asked = AdminClient({"bootstrap.servers": bootstrap})
    [future] = asked.delete_consumer_groups(["g"]).values()
    future.result(10)
