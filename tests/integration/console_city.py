"""A city for the console's tests: real servers, and a stand-in for connectors and workers that tests can hold back.

What the console reads and writes is real: topics, framed Avro, the two databases. What moves records between them is
`Carrier`, a loop of a few lines that stops at the stage a test asks for.
"""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
from confluent_kafka import KafkaException, Producer
from confluent_kafka.admin import AdminClient

from console.demo_table import as_captured
from deploy.embedded.city import prepare
from schemas import catalogue_topic, topics
from schemas.catalogue import Catalogue
from schemas.compose import for_entity, load
from schemas.kafka import producer_settings
from schemas.mapping import MappingError, compile_in, compile_out, key_in, key_out
from schemas.records import Row
from schemas.registry import Registry, Writer
from schemas.settings import Settings
from schemas.topics import raw, to

PROJECT = Path(__file__).resolve().parents[2]
MANIFESTS = PROJECT / "deploy" / "hanoi" / "systems"


@dataclass
class ConsoleCity:
    """Where the servers are, and what a test puts into them by hand."""

    settings: Settings
    dsns: Mapping[str, str]
    _producer: Producer = field(init=False)
    _writers: dict[str, Writer] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._producer = Producer(producer_settings(self.settings.kafka, log_level=0))

    def run(self, *arguments: str, width: int = 100, **variables: str) -> subprocess.CompletedProcess[str]:
        """`lienthong ARGUMENTS` in a process of its own."""
        here = {
            "LIENTHONG_KAFKA": self.settings.kafka,
            "LIENTHONG_REGISTRY": self.settings.registry,
            "LIENTHONG_SECRETS": str(self.settings.secrets),
            "COLUMNS": str(width),
        }
        return subprocess.run(
            [sys.executable, "-m", "console", *arguments],
            env=dict(os.environ) | here | variables,
            capture_output=True,
            text=True,
            timeout=90,
            check=False,
            cwd=PROJECT,
        )

    def catalogue(self) -> Catalogue:
        """As applied."""
        return catalogue_topic.read(self.settings)

    def put(self, topic: str, schema: dict[str, Any], record: Any, *, key: str | None = None) -> None:
        """One record, framed and acknowledged."""
        if topic not in self._writers:
            self._writers[topic] = Writer(Registry(self.settings.registry), f"{topic}-value", schema)
        self._producer.produce(topic, value=self._writers[topic].encode(record), key=key)
        assert self._producer.flush(20) == 0

    def put_outcome(self, outcome: Any) -> None:
        """Into `outcomes`."""
        self.put(topics.OUTCOMES, load("outcome"), outcome)

    def put_word(self, word: Any) -> None:
        """Into `connectors`, under its key."""
        self.put(topics.CONNECTORS, load("connector_state"), word, key=f"{word['role']}/{word['system']}")

    def put_state(self, state: Any) -> None:
        """Into `entity.person`, under its key."""
        self.put(topics.state("person"), for_entity("entity_state", "person"), state, key=state["key"])

    def put_dead_letter(self, letter: Any) -> None:
        """Into `dead_letters`."""
        self.put(topics.DEAD_LETTERS, load("dead_letter"), letter)

    def put_delivery(self, key: str) -> None:
        """Into `to.dan_cu.person`; what it holds does not matter to the console."""
        self._producer.produce(to("dan_cu", "person"), key=key, value=b"delivery")
        assert self._producer.flush(20) == 0

    def connect(self, system: str) -> psycopg.Connection[Any]:
        """To the database of a system."""
        return psycopg.connect(self.dsns[system], autocommit=True)


def empty(bootstrap: str) -> None:
    """Delete every topic that is not Kafka's own, and see that they are gone."""
    admin = AdminClient({"bootstrap.servers": bootstrap})
    deadline = time.monotonic() + 30
    while names := [name for name in admin.list_topics(timeout=10).topics if not name.startswith("__")]:
        assert time.monotonic() < deadline, names
        for answer in admin.delete_topics(names).values():
            with suppress(KafkaException):  # one that is already on its way out
                answer.result(20)


def write_secrets(folder: Path, dsns: Mapping[str, str]) -> None:
    """Where the manifests look for them."""
    for system, dsn in dsns.items():
        (folder / f"{system}_dsn").write_text(dsn, encoding="utf-8")


def fill(settings: Settings, *, count: int) -> None:
    """The two databases with this many people."""
    prepare(settings, lambda _: None, count=count)


@contextmanager
def carrying(city: ConsoleCity, *, until: str = "arrived") -> Iterator[None]:
    """While it lasts, changes of ho_tich go on their way; no further than the stage `until`."""
    stop = threading.Event()
    carrier = _Carrier(city, until)
    thread = threading.Thread(target=carrier.run, args=(stop,))
    carrier.seed()
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


class _Carrier:
    """Compares the register with what it saw last, and carries what differs."""

    def __init__(self, city: ConsoleCity, until: str) -> None:
        catalogue = city.catalogue()
        [publication] = catalogue.publications("ho_tich", "person")
        subscription = catalogue.subscription("dan_cu", "person")
        assert subscription is not None
        self._city, self._until = city, until
        self._key_in, self._read = key_in(publication, "ho_tich"), compile_in(publication, "person")
        self._key_out, self._write = key_out(subscription), compile_out(subscription, "person")
        self._producer = Producer(producer_settings(city.settings.kafka, log_level=0))
        self._seen: dict[int, Row] = {}
        self._source, self._target = city.connect("ho_tich"), city.connect("dan_cu")

    def seed(self) -> None:
        """The target gets everybody; nothing is sent to Kafka."""
        self._target.execute("truncate public.nhan_khau")
        for row in self._changed():
            self._arrive(row)

    def run(self, stop: threading.Event) -> None:
        """Until told to stop."""
        while not stop.wait(0.005):
            for row in self._changed():
                self._carry(row)
        self._source.close()
        self._target.close()

    def _changed(self) -> list[Row]:
        cursor = psycopg.Cursor(self._source, row_factory=psycopg.rows.dict_row)
        rows = [as_captured(row) for row in cursor.execute("select * from public.cong_dan")]
        changed = [row for row in rows if self._seen.get(row["id"]) != row]
        self._seen |= {row["id"]: row for row in changed}
        return changed

    def _carry(self, row: Row) -> None:
        key = self._key_in(row)
        for stage, topic in (("captured", raw("ho_tich", "person")), ("routed", to("dan_cu", "person"))):
            self._producer.produce(topic, key=key, value=b"carried")
            self._producer.flush(10)
            if stage == self._until:
                return
        self._arrive(row)

    def _arrive(self, row: Row) -> None:
        try:
            values = self._key_out(self._key_in(row)) or {}
            values |= self._write(self._read(row).values)
        except MappingError:
            return
        names, places = ", ".join(values), ", ".join(["%s"] * len(values))
        sets = ", ".join(f"{name} = excluded.{name}" for name in values)
        query = (
            f"insert into public.nhan_khau ({names}) values ({places}) on conflict (ma_lien_thong) do update set {sets}"
        )
        self._target.execute(query.encode(), list(values.values()))


def now_microseconds() -> int:
    """Of this machine's clock."""
    return time.time_ns() // 1000
