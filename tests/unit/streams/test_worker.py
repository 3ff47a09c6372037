"""Batches: dead letters, outcomes, headers; what costs a record and what costs nothing."""

from typing import Any

import pytest
from prometheus_client import REGISTRY

from schemas import topics
from streams import emit, metrics, normalise
from streams.errors import Unprocessable
from streams.worker import Worker
from tests.unit.streams.city import ENTITY, SEAL, RegistryDown, worker
from tests.unit.streams.memory import MemoryKafka, MemoryRegistry, RawWriter
from tests.unit.streams.simulation import CITY, COLUMNS, Source

RAW = topics.raw("a", ENTITY)
KEY = b"citizen_id:001099000001"
HELD = ("ward", "lost_zero")
ROW: dict[str, str | None] = {"ten": "Nguyễn Văn An", "sinh": "1990", "xa": "00001", "dt": None}


class Bench:
    """One partition and one worker; `send` gives it one record as a batch of its own."""

    def __init__(self) -> None:
        self.registry, self.kafka, self.source = MemoryRegistry(), MemoryKafka(), Source("a")
        self.worker: Worker = worker(CITY, self.registry)
        self._write = RawWriter(self.registry, "a", COLUMNS)

    def insert(self, **values: str) -> None:
        self.source.begin()
        self.source.insert("001099000001", {**ROW, **values})
        self.send(self.source.log[-1][1])

    def send(self, event: Any, key: bytes | None = KEY, topic: str = RAW) -> None:
        value = event if isinstance(event, bytes | None) else self._write(event)
        self.kafka.append(topic, key, value)
        log = self.kafka.logs[topic, 0]
        metrics.count(self.worker.process(self.kafka.batch(topic, 0, len(log) - 1, 1)))

    def read(self, topic: str) -> list[Any]:
        return self.kafka.read(topic, self.registry)


@pytest.fixture
def bench() -> Bench:
    return Bench()


def _last_letter(bench: Bench) -> tuple[Any, ...]:
    letter = bench.read(topics.DEAD_LETTERS)[-1]
    return letter["stage"], letter["reason"], letter["field"]


def test_a_bad_value_is_buried_sealed_and_told_without_the_value(bench: Bench) -> None:
    bench.insert(sinh="31/02/1990")
    letter = bench.read(topics.DEAD_LETTERS)[0]
    assert (letter["stage"], letter["reason"], letter["field"]) == ("normalise", "bad_date", "birth_date")
    assert (letter["topic"], letter["partition"], letter["offset"], letter["system"]) == (RAW, 0, 0, "a")
    assert SEAL.open(letter["payload"]) == bench.kafka.logs[RAW, 0][0].value
    assert "31/02/1990" not in str(letter | {"payload": None})
    outcome = bench.read(topics.OUTCOMES)[0]
    assert (outcome["result"], outcome["count"], outcome["reason"]) == ("quarantined", 1, "bad_date")
    assert outcome["event_id"] == letter["event_id"] == "a/rows/1/1/1"


@pytest.mark.parametrize(
    ("value", "reason"),
    [(None, "not_framed"), (b"text", "not_framed"), (b"\0\0\0\0\x63x", "unknown_schema"), (b"\0\0\0\0\1x", "bad_avro")],
)
def test_bytes_that_cannot_be_read_are_buried(bench: Bench, value: bytes | None, reason: str) -> None:
    bench.send(value)
    assert _last_letter(bench) == ("decode", reason, None)
    assert bench.read(topics.DEAD_LETTERS)[0]["event_id"] == f"{RAW}/0/0"


@pytest.mark.parametrize(
    ("change", "key", "reason"),
    [
        ({"resource": "other"}, KEY, "unknown_resource"),
        ({"system": "b"}, KEY, "wrong_topic"),
        ({}, None, "missing_key"),
        ({"after": None}, KEY, "missing_row"),
    ],
)
def test_events_that_make_no_sense_are_buried(
    bench: Bench, change: dict[str, Any], key: bytes | None, reason: str
) -> None:
    bench.source.insert("001099000001", ROW)
    bench.send(bench.source.log[-1][1] | change, key)
    assert _last_letter(bench) == ("validate", reason, None)


def test_forwards_of_an_unknown_kind_are_buried(bench: Bench) -> None:
    forward: Any = {"kind": "change", "formerly": "k", "event_id": "a/rows/1/1/1", "source_time": 1}
    defaults: Any = {"target": None, "claims": [], "version": 0, "renamed": [], "change": None, "hops": 0}
    defaults |= {"link": None, "revision": 0, "after": None, "complete": False}
    bench.send(bench.worker._wire.write_forward(forward | defaults), topic=topics.identify(ENTITY))
    assert _last_letter(bench) == ("validate", "unknown_forward", None)


def test_trouble_of_the_infrastructure_costs_no_record(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    def down(_: int) -> None:
        raise RegistryDown

    monkeypatch.setattr(bench.registry, "schema", down)
    with pytest.raises(RegistryDown):
        bench.insert()
    assert not bench.kafka.states[0].entries
    assert not bench.kafka.logs[topics.DEAD_LETTERS, 0]


def test_a_bug_in_a_step_costs_one_record_and_tells_no_value(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise ValueError("Nguyễn Văn An")

    bench.insert()
    monkeypatch.setattr("streams.settle.merge", broken)
    bench.insert()
    monkeypatch.undo()
    assert _last_letter(bench) == ("process", "unexpected_error", None)
    assert "Nguyễn" not in bench.read(topics.DEAD_LETTERS)[-1]["message"]
    bench.insert(ten="Sau")
    assert bench.read(topics.to("all", ENTITY))[-1]["fields"]["full_name"] == "Sau"


def test_a_rule_that_fails_costs_one_record(bench: Bench) -> None:
    resource = normalise.Resource("a", lambda row: row["no such"], 1)
    with pytest.raises(Unprocessable) as caught:
        normalise.normalise(bench.source.event("create", after=ROW), resource, {})  # type: ignore[arg-type]
    assert (caught.value.stage, caught.value.reason.code) == ("normalise", "unexpected_error")


def test_a_row_that_grew_too_large_is_not_taken_for_gone(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(emit, "LARGEST_VALUE", 1000)
    bench.insert(ten="Vừa")
    bench.source.rows["1"].values["ten"] = "x" * 600
    sent = len(bench.source.log)
    bench.source.snapshot()
    for key, event in bench.source.log[sent:]:
        bench.send(event, key.encode() if key else None)
    assert _last_letter(bench) == ("process", "state_too_large", None)
    assert [delivery["operation"] for delivery in bench.read(topics.to("all", ENTITY))] == ["upsert"]


def test_the_payload_of_a_record_that_is_too_large_is_left_out(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("streams.bury.LARGEST_VALUE", 4100)
    bench.send(b"\0\0\0\0\1" + b"x" * 200)
    assert bench.read(topics.DEAD_LETTERS)[0]["payload"] is None


def test_poison_is_buried_with_an_outcome(bench: Bench) -> None:
    bench.kafka.append(RAW, KEY, b"whatever")
    batch = bench.kafka.batch(RAW, 0, 0, 1)
    bench.worker.poison(batch.records[0], RuntimeError("Nguyễn"), batch)
    letter = bench.read(topics.DEAD_LETTERS)[0]
    assert (letter["stage"], letter["reason"]) == ("process", "poison")
    assert "Nguyễn" not in letter["message"]
    assert bench.read(topics.OUTCOMES)[0]["result"] == "quarantined"


def test_deliveries_carry_cloudevents_headers_and_a_trace(bench: Bench) -> None:
    bench.insert()
    headers = dict(bench.kafka.logs[topics.to("all", ENTITY), 0][0].headers)
    assert headers["ce_id"] == b"a/rows/1/1/1"
    assert headers["ce_source"] == b"/systems/a/rows"
    assert headers["ce_type"] == b"vn.lienthong.person.upsert"
    assert headers["ce_time"] == b"1970-01-01T00:00:00.001001Z"
    version, trace, span, flags = headers["traceparent"].decode().split("-")
    assert (version, len(trace), span, flags) == ("00", 32, trace[:16], "01")


def test_outcomes_are_ranges_of_offsets(bench: Bench) -> None:
    for commit in range(3):
        bench.source.begin()
        bench.source.insert(f"00109900000{commit}", ROW)
        bench.kafka.append(RAW, f"citizen_id:00109900000{commit}".encode(), bench._write(bench.source.log[-1][1]))
    bench.worker.process(bench.kafka.batch(RAW, 0, 0, 3))
    outcome = next(o for o in bench.read(topics.OUTCOMES) if o["system"] == "all")
    assert (outcome["result"], outcome["first"], outcome["last"], outcome["count"]) == ("routed", 0, 2, 3)
    assert (outcome["oldest_source_time"], outcome["newest_source_time"]) == (1001, 3001)
    assert (outcome["topic"], outcome["partition"], outcome["process"]) == (RAW, 0, "w1")


def test_a_field_that_waits_for_a_person_is_told_by_name_and_counted_and_its_record_flows_on(bench: Bench) -> None:
    labels = {"system": "a", "entity": ENTITY, "field": "ward", "reason": "lost_zero"}
    before = _sample("lienthong_held_fields_total", labels)
    bench.insert(xa="77")
    [told] = [o for o in bench.read(topics.OUTCOMES) if o["result"] == "held"]
    assert (told["system"], told["field"], told["reason"], told["first"], told["count"]) == ("a", *HELD, 0, 1)
    assert told["event_id"]
    assert "77" not in str(told | {"time": 0, "oldest_source_time": 0, "newest_source_time": 0})
    assert [o["system"] for o in bench.read(topics.OUTCOMES) if o["result"] == "routed"]
    assert bench.read(topics.DEAD_LETTERS) == []
    assert _sample("lienthong_held_fields_total", labels) == before + 1


def test_metrics_count_by_system_and_never_by_record(bench: Bench) -> None:
    before = _sample("lienthong_routed_total", {"system": "all", "entity": ENTITY})
    bench.insert()
    bench.insert(sinh="31/02/1990")
    assert _sample("lienthong_routed_total", {"system": "all", "entity": ENTITY}) == before + 1
    buried = {"system": "a", "entity": ENTITY, "stage": "normalise", "reason": "bad_date"}
    assert _sample("lienthong_dead_letters_total", buried) >= 1
    assert _sample("lienthong_events_total", {"system": "a", "entity": ENTITY, "result": "quarantined"}) >= 1
    assert _sample("lienthong_source_to_routed_seconds_count", {"entity": ENTITY}) >= 1


def _sample(name: str, labels: dict[str, str]) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0
