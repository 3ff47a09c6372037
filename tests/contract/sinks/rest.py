"""The suite's target of the sink `rest`: a service in this process. Here it is sent one delivery at a time."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import pytest
from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from connectors.kit import repeating_sink_suite, sink_manifest
from connectors.kit.sink_feed import STREAM
from connectors.sinks.rest import RestSink, sink
from schemas.records import Row
from schemas.settings import Settings
from tests.integration.rest_service import TOKEN, Fault, Service, serving

suite = repeating_sink_suite


@dataclass
class Target:
    """See `connectors.kit.SinkTarget`."""

    service: Service
    bootstrap: str
    more: dict[str, Any] = field(default_factory=dict)
    group: str = field(default_factory=lambda: f"lienthong.position.{uuid4()}")

    def sink(self) -> RestSink:
        connect = {"kind": "rest", "url": self.service.url, "group": self.group, "headers": {"Authorization": TOKEN}}
        return sink(sink_manifest(connect | self.more), Settings(kafka=self.bootstrap))

    def rows(self) -> dict[str, Row]:
        return dict(self.service.rows)

    def changes(self) -> int:
        return self.service.changes

    def sever(self) -> None:
        """The next request finds its connection cut."""
        self.service.faults.append(Fault())


def topic_for_positions(bootstrap: str) -> None:
    """Kafka keeps offsets of topics that exist."""
    admin = AdminClient({"bootstrap.servers": bootstrap})
    for future in admin.create_topics([NewTopic(STREAM.topic, 2, 1)]).values():
        try:
            future.result(20)
        except KafkaException as error:
            if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:
                raise


@contextmanager
def target(request: pytest.FixtureRequest) -> Iterator[Target]:
    bootstrap: str = request.getfixturevalue("kafka")
    topic_for_positions(bootstrap)
    with serving(Service()) as service:
        yield Target(service, bootstrap)
