"""Runs the stories in `streams/*.yaml`: each step's record through a worker, and what came of it as plain values."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from schemas import topics
from schemas.manifest import Manifest
from streams.revision import REVISION_KEY
from tests.unit.streams.city import ENTITY, worker
from tests.unit.streams.ends import assert_every_record_has_one_end
from tests.unit.streams.memory import MemoryKafka, MemoryRegistry, RawWriter, decoded

FOLDER = Path(__file__).parent / "streams"
Step = dict[str, Any]


def load(path: Path) -> list[Step]:
    """The steps of a story."""
    steps: list[Step] = YAML(typ="safe").load(path)
    return steps


def manifests() -> list[Manifest]:
    """The systems of all stories."""
    return [Manifest.model_validate(manifest) for manifest in YAML(typ="safe").load(FOLDER / "city.yaml")]


@dataclass
class Story:
    """One partition, a worker, and the records that the steps have sent."""

    registry: MemoryRegistry = field(default_factory=MemoryRegistry)
    kafka: MemoryKafka = field(default_factory=MemoryKafka)
    sent: list[tuple[str, bytes | None, bytes]] = field(default_factory=list)
    read: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.worker = worker(manifests(), self.registry)

    def tell(self, step: Step) -> Step:
        """What came of one step."""
        states = dict(self.kafka.states[0].entries)
        marks = {topic: len(log) for (topic, _), log in self.kafka.logs.items()}
        record = self.sent[step["again"] - 1] if "again" in step else self._record(step.get("sent"))
        self.sent.append(record)
        if record[0]:
            self.kafka.append(*record)
            self._work(record[0])
        if step.get("under_way", "arrive") == "arrive":
            self._work(topics.identify(ENTITY))
        return self._came_of_it(states, marks)

    def _record(self, sent: Step | None) -> tuple[str, bytes | None, bytes]:
        if sent is None:
            return "", None, b""
        event: dict[str, Any] = {
            "resource": "public.cong_dan" if sent["system"] == "ho_tich" else "subscriber",
            "row": "",
            "previous_row": None,
            "new_key": None,
            "epoch": 1,
            "commit": len(self.sent) + 1,
            "ordinal": 1,
            "edit": 0,
            "transaction": None,
            "source_time": 1_700_000_000_000_000 + len(self.sent),
            "captured_time": 0,
            "before": None,
            "after": None,
        } | sent
        key = event.pop("key", None)
        write = RawWriter(self.registry, sent["system"], _columns(sent["system"]))
        return topics.raw(sent["system"], ENTITY), None if key is None else key.encode(), write(event)

    def _work(self, topic: str) -> None:
        while (start := self.read.get(topic, 0)) < len(self.kafka.logs[topic, 0]):
            batch = self.kafka.batch(topic, 0, start, 100)
            self.worker.process(batch)
            # What the batch has sent to the same topic comes next.
            self.read[topic] = start + len(batch.records)
            assert_every_record_has_one_end(
                self.kafka, self.registry, {(name, 0): at for name, at in self.read.items()}
            )

    def _came_of_it(self, states: dict[bytes, bytes], marks: dict[str, int]) -> Step:
        now = self.kafka.states[0].entries
        changed = [key for key in now if now[key] != states.get(key) and key != REVISION_KEY.encode()]
        new: dict[str, list[Any]] = {
            topic: [decoded(r.value, self.registry) for r in log[marks.get(topic, 0) :]]
            for (topic, _), log in self.kafka.logs.items()
            if not topic.startswith("raw.")
        }
        delivered = [(topic.split(".")[1], d) for topic, found in new.items() if topic[:3] == "to." for d in found]
        outcomes = new.get(topics.OUTCOMES, [])
        found = {
            "states": {key.decode(): _state(decoded(now[key], self.registry)) for key in sorted(changed)},
            "deliveries": [_delivery(system, delivery) for system, delivery in delivered],
            "dead_letters": [
                {name: d[name] for name in ("system", "stage", "reason", "field") if d[name] is not None}
                for d in new.get(topics.DEAD_LETTERS, [])
            ],
            "outcomes": [
                f"{o['result']} {o['system']}"
                + (f" x{o['count']}" if o["count"] > 1 else "")
                + (f" {o['field']}: {o['reason']}" if o["field"] is not None else "")
                for o in outcomes
                # That every record meets one end is asserted elsewhere, for all of them.
                if o["result"] != "processed"
            ],
        }
        return {name: value for name, value in found.items() if value}


def _columns(system: str) -> tuple[str, ...]:
    if system == "ho_tich":
        return "id", "so_dinh_danh", "so_dinh_danh_cu", "ho_ten", "ngay_sinh", "ma_xa", "ngay_mat", "ghi_chu"
    return "id", "id_number", "name", "phone"


def _state(state: Step) -> Step:
    shown: Step = {"status": state["status"], "version": state["version"]}
    if state["value"] is not None:
        shown["value"] = _known(state["value"])
    shown["claims"] = [_claim(claim) for claim in state["claims"]]
    for name in ("moved_to", "aliases"):
        if state[name]:
            shown[name] = state[name]
    return shown


def _claim(claim: Step) -> str:
    place = ".".join(str(claim[name]) for name in ("epoch", "commit", "ordinal", "mapping", "edit"))
    if claim["values"] is None:
        return f"{claim['system']} {claim['row'] or '*'} @{place}: nothing"
    said = ", ".join([*_known(claim["values"]), *[f"no {name}" for name in claim["stated_null"]], *_held(claim)])
    return f"{claim['system']} {claim['row']} @{place}: {said}"


def _held(claim: Step) -> list[str]:
    return [f"{held['field']} held ({held['reason']}: {' or '.join(held['proposals'])})" for held in claim["held"]]


def _delivery(system: str, delivery: Step) -> Step:
    shown = {"to": system, "operation": delivery["operation"], "key": delivery["key"], "version": delivery["version"]}
    if delivery["moved_to"] is not None:
        shown["moved_to"] = delivery["moved_to"]
    if delivery["fields"] is not None:
        shown["fields"] = _known(delivery["fields"])
    return shown


def _known(value: Step) -> Step:
    return {name: held for name, held in value.items() if held is not None}
