"""One subscriber with its delivery topic and its target, for the tests of run_sink. The test plays the workers."""

import base64
import itertools
import os
import secrets
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
from confluent_kafka import Consumer, KafkaError, Message, Producer, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from connectors.delivery.batch import Failure, Translator
from connectors.delivery.kind import make_sink
from connectors.delivery.outcomes import Reporter
from connectors.delivery.reader import Reader, find_streams
from connectors.delivery.reports import Reports
from connectors.values import Rejected
from schemas import catalogue_topic, compose, topics
from schemas.catalogue import compile_catalogue
from schemas.dead_letters import Reason
from schemas.kafka import consumer_settings, producer_settings
from schemas.manifest import Manifest
from schemas.records import ConnectorState, DeadLetter, Delivery, Entity, Outcome
from schemas.registry import Decoder, Registry, Writer
from schemas.sealing import Seal
from schemas.settings import Settings

PROJECT = Path(__file__).resolve().parents[2]
FIELDS = {"ho_ten": "full_name", "ngay_sinh": {"from": "birth_date", "format": "dd/MM/yyyy"}, "ghi_chu": "note"}
TABLE = """
CREATE TABLE nhan_khau (ma text PRIMARY KEY, ho_ten varchar(30), ngay_sinh text, ghi_chu text, them text);
CREATE TABLE lich_su (so bigint GENERATED ALWAYS AS IDENTITY, viec text, ma text, ho_ten text);
CREATE FUNCTION ghi() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  INSERT INTO lich_su (viec, ma, ho_ten) SELECT tg_op, coalesce(new.ma, old.ma), new.ho_ten; RETURN NULL; END $$;
CREATE TRIGGER ghi AFTER INSERT OR UPDATE OR DELETE ON nhan_khau FOR EACH ROW EXECUTE FUNCTION ghi();
"""
_numbers = itertools.count(1)


def until(done: Callable[[], bool], *, seconds: float = 30, doing: str) -> None:
    """Look again and again, until it is so."""
    deadline = time.monotonic() + seconds
    while not done():
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {seconds:.0f} s for {doing}")
        time.sleep(0.01)


@dataclass
class DeliveryCity:
    """`connection` reaches the target, in autocommit."""

    bootstrap: str
    registry: Registry
    dsn: str
    home: Path
    fields: dict[str, Any] = field(default_factory=lambda: dict(FIELDS))
    system: str = field(default_factory=lambda: f"dich{next(_numbers)}_{secrets.token_hex(3)}")
    processes: list["subprocess.Popen[bytes]"] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.home.mkdir(parents=True, exist_ok=True)
        (self.home / "dsn").write_text(self.dsn)
        (self.home / "dead_letter_key").write_text(base64.b64encode(secrets.token_bytes(32)).decode())
        self.topic = topics.to(self.system, "person")
        self.producer = Producer(producer_settings(self.bootstrap))
        self.admin = AdminClient({"bootstrap.servers": self.bootstrap})
        self.settings = Settings(kafka=self.bootstrap, registry=self.registry.url, secrets=self.home, data=self.home)
        self.connection = psycopg.connect(self.dsn, autocommit=True)
        self.connection.execute(TABLE)
        self.create(*topics.shared_topics(), topics.delivery_topic(self.system, "person"))
        self.encode = Writer(self.registry, f"{self.topic}-value", compose.for_entity("delivery", "person")).encode
        self.apply(1)

    def create(self, *wanted: topics.Topic) -> None:
        """Make topics, those that are missing."""
        known = self.admin.list_topics(timeout=10).topics
        made = [NewTopic(t.name, t.partitions, 1, config=t.config) for t in wanted if t.name not in known]
        for name, future in self.admin.create_topics(made).items() if made else ():
            future.result(10)
            until(lambda name=name: self._exists(name), doing=name)  # type: ignore[misc]

    def _exists(self, name: str) -> bool:
        found = self.admin.list_topics(name, timeout=10).topics[name]
        return found.error is None and len(found.partitions) > 0

    def apply(self, revision: int) -> None:
        """Publish the catalogue, of this one system."""
        subscription = {
            "into": "public.nhan_khau",
            "key": {"ma": "key"},
            "fields": self.fields,
            "purpose": "kiểm tra",
        }
        connect = {"kind": "postgres", "dsn": "${file:dsn}"}
        body = {"system": self.system, "connect": connect, "subscribes": {"person": subscription}}
        catalogue_topic.publish(self.settings, compile_catalogue([Manifest.model_validate(body)], revision))

    def deliver(self, *deliveries: Delivery | bytes) -> None:
        """Append to the delivery topic; bytes as they are. Returns when Kafka has them."""
        for delivery in deliveries:
            value = delivery if isinstance(delivery, bytes) else self.encode(delivery)
            key = b"?" if isinstance(delivery, bytes) else delivery["key"].encode()
            self.producer.produce(self.topic, value, key)
        assert self.producer.flush(20) == 0

    def rows(self) -> dict[str, str | None]:
        """The target's names by key."""
        return dict(self.connection.execute("SELECT ma, ho_ten FROM nhan_khau").fetchall())

    def position(self) -> int:
        """Where the target says it stands; -1 before a sink has come."""
        found = self.connection.execute("SELECT to_regclass('lienthong.position') IS NOT NULL").fetchone()
        if found != (True,):
            return -1
        row = self.connection.execute("SELECT next_offset FROM lienthong.position").fetchone()
        return int(row[0]) if row else -1

    def start(self, **environment: str) -> "subprocess.Popen[bytes]":
        """`python -m connectors.run_sink`, its log in `home`."""
        settings = {
            "LIENTHONG_KAFKA": self.bootstrap,
            "LIENTHONG_REGISTRY": self.registry.url,
            "LIENTHONG_SECRETS": str(self.home),
            **environment,
        }
        with (self.home / f"sink{len(self.processes)}.log").open("wb") as log:
            argv = [sys.executable, "-m", "connectors.run_sink", self.system]
            process = subprocess.Popen(argv, env=os.environ | settings, cwd=PROJECT, stderr=log)
        self.processes.append(process)
        return process

    def write_without_report(self) -> None:
        """What a sink does that dies right after the target's commit."""
        manifest = catalogue_topic.read(self.settings).manifests[self.system]
        seal = Seal.from_file(self.home / "dead_letter_key")
        reports = Reports(self.bootstrap, self.registry, seal, Reporter(self.system, "dying", 1))
        [stream] = find_streams(self.admin, self.system, "person")
        sink = make_sink(manifest, self.settings)
        position = sink.open([stream])[stream]
        reader = Reader(self.bootstrap, self.system)
        reader.start(stream, position)
        messages: list[Message] = []
        while not reader.caught_up:
            messages += reader.read(2000, 1)
        batch = Translator(manifest.subscribes["person"], "person", self.registry).translate(stream, position, messages)

        def reject(refused: Rejected) -> None:
            reason = Reason(refused.reason, refused.message, refused.column)
            reports.bury(batch, [Failure(batch.records[refused.place], reason)])

        sink.write(batch.writes, reject)
        sink.close()
        reader.close()

    def log(self) -> str:
        """All that the processes have logged."""
        return "".join(path.read_text(encoding="utf-8") for path in sorted(self.home.glob("sink*.log")))

    def outcomes(self) -> list[Outcome]:
        """Those of this system."""
        return [each for each in self._values(topics.OUTCOMES, "outcome") if each["system"] == self.system]

    def dead_letters(self) -> list[DeadLetter]:
        """Those of this system."""
        return [each for each in self._values(topics.DEAD_LETTERS, "dead_letter") if each["system"] == self.system]

    def state(self) -> ConnectorState | None:
        """The sink's last word."""
        said = [s for s in self._values(topics.CONNECTORS, "connector_state") if s["system"] == self.system]
        return said[-1] if said else None

    def says(self, phase: str) -> bool:
        """Whether the sink's last word is this phase."""
        state = self.state()
        return state is not None and state["phase"] == phase

    def close(self) -> None:
        """End what was started."""
        for process in self.processes:
            process.kill()
            process.wait()
        self.connection.close()

    def _values(self, topic: str, schema: str) -> list[Any]:
        decode = Decoder(self.registry, compose.load(schema)).decode
        consumer = Consumer(consumer_settings(self.bootstrap, secrets.token_hex(8), **{"enable.partition.eof": True}))
        consumer.assign([TopicPartition(topic, 0, 0)])
        found: list[Any] = []
        while True:
            message = consumer.poll(10)
            assert message is not None
            if (error := message.error()) is not None:
                assert error.code() == KafkaError._PARTITION_EOF
                consumer.close()
                return found
            value = message.value()
            found += [decode(value)] if value else []


def delivery(key: str, *, version: int = 1, revision: int = 1, **fields: Any) -> Delivery:
    """An upsert, of this moment."""
    now = time.time_ns() // 1000
    value: Entity = dict.fromkeys(compose.entity_fields("person")) | fields
    return Delivery(
        operation="upsert",
        key=key,
        version=version,
        moved_to=None,
        fields=value,
        origin="ho_tich",
        event_id=f"ho_tich/public.cong_dan/1/{version}/{key}",
        source_time=now,
        routed_time=now,
        revision=revision,
    )


def gone(key: str, moved_to: str | None = None) -> Delivery:
    """A delete, or a rename."""
    made = delivery(key)
    made["operation"] = "rename" if moved_to else "delete"
    made["moved_to"] = moved_to
    made["fields"] = None
    return made
