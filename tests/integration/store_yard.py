"""A store beside a Kafka of the test's own: the test plays the workers and sinks, and the feed is real."""

import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from console.store.balance import Account
from schemas import compose, topics
from schemas.kafka import producer_settings
from schemas.records import Outcome
from schemas.registry import Registry, Writer
from schemas.settings import Settings
from tests.integration.account import feed_all
from tests.integration.delivery_city import until
from tests.unit.console.city import outcome

RAW, TO = topics.raw("ho_tich", "person"), topics.to("dan_cu", "person")
PROJECT = Path(__file__).resolve().parents[2]


@dataclass
class StoreYard:
    """Topics of one publisher and one subscriber, and a database for the store."""

    settings: Settings
    dsn: str
    _writers: dict[str, Writer] = field(default_factory=dict)

    def __post_init__(self) -> None:
        (self.settings.secrets / "store_dsn").write_text(self.dsn)
        self.producer = Producer(producer_settings(self.settings.kafka, log_level=0))
        self.registry = Registry(self.settings.registry)
        self.create(
            *topics.shared_topics(),
            topics.raw_topic("ho_tich", "person", partitions=1),
            topics.delivery_topic("dan_cu", "person"),
        )

    def create(self, *wanted: topics.Topic) -> None:
        """Make topics."""
        admin = AdminClient({"bootstrap.servers": self.settings.kafka})
        made = [NewTopic(t.name, t.partitions, 1, config=t.config) for t in wanted]
        for answer in admin.create_topics(made).values():
            answer.result(20)

    def delete(self, name: str) -> None:
        """Remove a topic, and see that it is gone."""
        admin = AdminClient({"bootstrap.servers": self.settings.kafka})
        admin.delete_topics([name])[name].result(20)
        until(lambda: name not in admin.list_topics(timeout=10).topics, doing=f"{name} to go")

    def stand(self, topic: str, count: int, *, key: str | None = None) -> None:
        """Put records into a topic; what they hold does not matter."""
        for number in range(count):
            self.producer.produce(topic, value=b"x", key=(key or f"k{number}").encode())
        assert self.producer.flush(20) == 0

    def say(self, *outcomes: Outcome) -> None:
        """Into `outcomes`."""
        self._put(topics.OUTCOMES, "outcome", outcomes)

    def bury(self, *letters: Any) -> None:
        """Into `dead_letters`."""
        self._put(topics.DEAD_LETTERS, "dead_letter", letters)

    def _put(self, topic: str, name: str, records: Any) -> None:
        if topic not in self._writers:
            self._writers[topic] = Writer(self.registry, f"{topic}-value", compose.load(name))
        for record in records:
            self.producer.produce(topic, value=self._writers[topic].encode(record))
        assert self.producer.flush(20) == 0

    def feed(self) -> dict[str, Account]:
        """Everything that stands in Kafka, into the store; its accounts by topic."""
        return {account.place[0]: account for account in feed_all(self.settings)}

    def process(self) -> "subprocess.Popen[bytes]":
        """`python -m console.run_store`."""
        environment = os.environ | {
            "LIENTHONG_KAFKA": self.settings.kafka,
            "LIENTHONG_REGISTRY": self.settings.registry,
            "LIENTHONG_SECRETS": str(self.settings.secrets),
        }
        with (self.settings.secrets / "store.log").open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "console.run_store"], env=environment, cwd=PROJECT, stderr=log
            )

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Of the store."""
        with psycopg.connect(self.dsn, options="-c search_path=lienthong") as connection:
            return connection.execute(query.encode()).fetchall()


def processed(first: int, last: int, **more: Any) -> Outcome:
    """What a worker says of raw records."""
    return outcome("processed", "ho_tich", RAW, first=first, last=last, count=last - first + 1, **more)


def delivered(first: int, last: int, **more: Any) -> Outcome:
    """What a sink says of deliveries."""
    found = outcome("delivered", "dan_cu", TO, first=first, last=last, count=last - first + 1)
    found.update(more)  # type: ignore[typeddict-item]  # the tests' own fields
    return found
