"""A whole city in memory: source tables, raw logs, workers in any order that Kafka allows, targets.

Random histories run through it. Whatever the order, the targets must end as the tables say: no ghost, no row lost.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from schemas import topics
from schemas.catalogue import compile_catalogue
from schemas.manifest import Manifest
from schemas.mapping import key_out
from schemas.records import Delivery, Entity
from streams.worker import Worker
from tests.unit.streams.city import ENTITY, worker
from tests.unit.streams.memory import MemoryKafka, MemoryRegistry, RawWriter, decoded

PARTITIONS = 3
COLUMNS = ("id", "so", "ten", "sinh", "xa", "dt")
KEYS = ("001099000001", "001099000002", "001099000003", None)
BAD_DATE = "31/02/19x"
#: Fits into an event and into a forward, but not twice into a state where LIMIT is the largest value.
HUGE_NAME, LIMIT = "x" * 3000, 4000


def manifest(system: str, **parts: Any) -> Manifest:
    return Manifest.model_validate({"system": system, "connect": {"kind": "memory"}, **parts})


def publication(fields: dict[str, Any], owns: list[str]) -> dict[str, Any]:
    return {"person": {"from": "rows", "key": {"citizen_id": "so", "else": "id"}, "fields": fields, "owns": owns}}


def subscription(key: dict[str, str], fields: dict[str, str], where: str | None = None) -> dict[str, Any]:
    return {"person": {"into": "t", "key": key, "fields": fields, "where": where, "purpose": "thử"}}


#: `a` is the register and owns who exists; `b` knows phones, and names where `a` is silent about them.
CITY = [
    manifest(
        "a",
        publishes=publication(
            {"full_name": "ten", "birth_date": "sinh", "ward": "xa"}, ["full_name", "birth_date", "ward", "existence"]
        ),
    ),
    manifest("b", publishes=publication({"full_name": "ten", "birth_date": "sinh", "phone": "dt"}, ["phone"])),
    manifest("all", subscribes=subscription({"k": "key"}, {"n": "full_name", "d": "birth_date", "p": "phone"})),
    manifest("twin", subscribes=subscription({"k": "key"}, {"n": "full_name", "d": "birth_date", "p": "phone"})),
    manifest("ward", subscribes=subscription({"so": "citizen_id"}, {"n": "full_name"}, "ward == '00001'")),
]
SUBSCRIBERS = ("all", "twin", "ward")
_REGISTRY = MemoryRegistry()


class City:
    """Manifests, and what is made of them once for all simulations. `columns`: of every source's table."""

    def __init__(self, manifests: list[Manifest], columns: Sequence[str]) -> None:
        self._manifests = manifests
        self._columns = columns
        self.worker = cache(self._worker)
        self.writer = cache(self._writer)
        self.target = cache(self._target)

    def _worker(self, revision: int) -> Worker:
        """Workers keep nothing between batches, so every simulation may have the same."""
        return worker(self._manifests, _REGISTRY, revision=revision)

    def _writer(self, system: str) -> RawWriter:
        return RawWriter(_REGISTRY, system, self._columns)

    def _target(self, system: str) -> tuple[Callable[[str], object | None], list[str]]:
        """How the system names a record, and the fields that it gets."""
        stated = compile_catalogue(self._manifests, 1).subscription(system, ENTITY)
        assert stated is not None
        return key_out(stated), [mapped.field for mapped in stated.fields.values()]


TWO = City(CITY, COLUMNS)


@dataclass
class Row:
    """One row of a source table, and what of it could last be read (None: nothing yet)."""

    so: str | None
    values: dict[str, str | None]
    good: dict[str, str | None] | None = None

    @property
    def is_bad(self) -> bool:
        return self.values["sinh"] == BAD_DATE or self.values["ten"] == HUGE_NAME


@dataclass
class Source:
    """One system's table, and its log: what a connector sends, in order, each with its record key."""

    system: str
    rows: dict[str, Row] = field(default_factory=dict)
    log: list[tuple[str | None, dict[str, Any]]] = field(default_factory=list)
    epoch: int = 1
    commit: int = 0
    ordinal: int = 0
    next_id: int = 1
    #: Changes that the log never got: the slot was lost, and a snapshot must mend it.
    is_blind: bool = False

    def key(self, name: str, row: Row) -> str:
        return f"citizen_id:{row.so}" if row.so else f"{self.system}#{name}"

    def begin(self) -> None:
        self.commit += 1
        self.ordinal = 0

    def event(self, operation: str, row: str = "", **more: Any) -> dict[str, Any]:
        self.ordinal += 1
        return {
            "operation": operation,
            "system": self.system,
            "resource": "rows",
            "row": row,
            "previous_row": None,
            "new_key": None,
            "epoch": self.epoch,
            "commit": self.commit,
            "ordinal": self.ordinal,
            "edit": 0,
            "transaction": None,
            "source_time": self.commit * 1000 + self.ordinal,
            "captured_time": 0,
            "before": None,
            "after": None,
        } | more

    def emit(self, key: str | None, event: dict[str, Any]) -> None:
        if not self.is_blind:
            self.log.append((key, event))

    def insert(self, so: str | None, values: dict[str, str | None]) -> None:
        while str(self.next_id) in self.rows:
            self.next_id += 1
        name, self.next_id = str(self.next_id), self.next_id + 1
        row = self.rows[name] = Row(so, values)
        self.emit(self.key(name, row), self.event("create", name, after=self.columns(name)))

    def update(self, name: str, *, so: str | None, values: dict[str, str | None], new_name: str | None = None) -> None:
        row, before = self.rows[name], self.key(name, self.rows[name])
        row.so, row.values = so, values
        if new_name is not None and new_name not in self.rows:
            self.rows[new_name] = self.rows.pop(name)
        else:
            new_name = name
        after = self.key(new_name, row)
        moved = {"new_key": after if after != before else None, "previous_row": name if new_name != name else None}
        self.emit(before, self.event("update", new_name, after=self.columns(new_name), **moved))

    def delete(self, name: str) -> None:
        key = self.key(name, self.rows[name])
        before = self.columns(name)
        del self.rows[name]
        self.emit(key, self.event("delete", name, before=before))

    def truncate(self) -> None:
        self.rows.clear()
        self.emit(None, self.event("truncate"))

    def snapshot(self) -> None:
        """A new slot: everything is read again under the next epoch."""
        self.epoch, self.is_blind = self.epoch + 1, False
        self.begin()
        self.emit(None, self.event("snapshot_begin"))
        for name, row in self.rows.items():
            self.emit(self.key(name, row), self.event("read", name, after=self.columns(name)))
        self.emit(None, self.event("snapshot_end"))
        self.begin()

    def columns(self, name: str) -> dict[str, Any]:
        return {"id": name, "so": self.rows[name].so, **self.rows[name].values}


@dataclass
class Simulation:
    """Sources, the logs between, and one worker for every partition."""

    kafka: MemoryKafka = field(default_factory=lambda: MemoryKafka(PARTITIONS))
    sources: dict[str, Source] = field(default_factory=lambda: {name: Source(name) for name in ("a", "b")})
    city: City = TWO
    offsets: dict[tuple[str, int], int] = field(default_factory=dict)
    sent: dict[str, int] = field(default_factory=dict)
    revision: int = 1

    def __post_init__(self) -> None:
        self.worker: Worker = self.city.worker(1)
        self.registry = _REGISTRY

    def capture_all(self) -> None:
        """Every connector sends what is new."""
        for system in self.sources:
            self.capture(system)

    def capture(self, system: str) -> None:
        """The connector sends what is new in its log; markers to every partition."""
        log = self.sources[system].log
        for key, event in log[self.sent.get(system, 0) :]:
            topic, value = topics.raw(system, ENTITY), self.city.writer(system)(event)
            for partition in range(PARTITIONS) if key is None else [self.kafka.home(key.encode())]:
                self.kafka.append(topic, None if key is None else key.encode(), value, partition=partition)
        self.sent[system] = len(log)

    def resend(self, system: str, count: int) -> None:
        """The connector died before it confirmed: the end of its log comes again."""
        self.capture(system)
        self.sent[system] = max(0, len(self.sources[system].log) - count)
        self.capture(system)

    def remap(self) -> None:
        """A manifest was mended: a new revision, and everything that Kafka still has is replayed."""
        self.revision += 1
        self.worker = self.city.worker(self.revision)
        self.offsets = {place: 0 for place in self.offsets if place[0].startswith("raw.")} | {
            place: offset for place, offset in self.offsets.items() if not place[0].startswith("raw.")
        }

    def ready(self) -> list[tuple[str, int]]:
        """The partitions that have something to do."""
        return [
            place
            for place in sorted(self.kafka.logs)
            if place[0].startswith(("raw.", "identify.")) and self.offsets.get(place, 0) < len(self.kafka.logs[place])
        ]

    def work(self, choice: int, size: int = 1) -> bool:
        """One batch of one of the partitions that have something to do. False: nothing is left."""
        ready = self.ready()
        if not ready:
            return False
        place = ready[choice % len(ready)]
        batch = self.kafka.batch(*place, self.offsets.get(place, 0), size)
        self.worker.process(batch)
        self.offsets[place] = self.offsets.get(place, 0) + len(batch.records)
        return True

    def routed(self, system: str) -> int:
        """What the outcomes say was routed to a subscriber."""
        outcomes = self.kafka.read(topics.OUTCOMES, self.registry)
        return sum(o["count"] for o in outcomes if (o["result"], o["system"]) == ("routed", system))

    def deliveries(self, system: str) -> list[Delivery]:
        return [decoded(record.value, self.registry) for record in self.kafka.logs[topics.to(system, ENTITY), 0]]

    def compacted(self, system: str) -> list[Delivery]:
        """What a new target would read: the last record of each key, in order."""
        last = {delivery["key"]: index for index, delivery in enumerate(self.deliveries(system))}
        return [d for index, d in enumerate(self.deliveries(system)) if last[d["key"]] == index]

    def expected(self, system: str) -> dict[str, Entity]:
        """What a target must hold, told by the tables alone."""
        return expected(self.sources["a"], self.sources["b"], system)


def expected(a: Source, b: Source, system: str) -> dict[str, Entity]:
    """What a target must hold, told by the tables of both sources."""
    truth: dict[str, Entity] = {}
    for key, value in _golden(a, b).items():
        if system != "ward":
            truth[key] = {name: value[name] for name in ("full_name", "birth_date", "phone")}
        elif key.startswith("citizen_id:") and value["ward"] == "00001":
            truth[key] = {"full_name": value["full_name"]}
    return truth


def _golden(a: Source, b: Source) -> dict[str, Entity]:
    """Straight from the rule: `a` decides who exists; of several rows of one system the one written last speaks."""
    found: dict[str, Entity] = {}
    for key, row in _last_rows(a).items():
        other = _last_rows(b).get(key)
        found[key] = {
            "full_name": row.values["ten"],
            "birth_date": row.values["sinh"],
            "ward": row.values["xa"],
            "phone": other.values["dt"] if other else None,
        }
    return found


def _last_rows(source: Source) -> dict[str, Row]:
    """By key, the row that was written last."""
    written: dict[str, tuple[int, int, int]] = {}
    for _, event in source.log:
        if event["operation"] in ("create", "update", "read"):
            written[event["row"]] = event["epoch"], event["commit"], event["ordinal"]
    rows: dict[str, tuple[tuple[int, int, int], Row]] = {}
    for name, row in source.rows.items():
        key = source.key(name, row)
        rows[key] = max(rows.get(key, ((0, 0, 0), row)), (written[name], row), key=lambda entry: entry[0])
    return {key: row for key, (_, row) in rows.items()}


def applied(deliveries: list[Delivery], system: str, city: City = TWO) -> dict[str, Entity]:
    """A target after these deliveries, as a sink applies them."""
    names, fields = city.target(system)
    rows: dict[str, Entity] = {}
    for delivery in deliveries:
        key, value = delivery["key"], delivery["fields"]
        assert names(key) is not None, "a delivery under a key that the target cannot name"
        if delivery["operation"] == "rename":
            new = delivery["moved_to"]
            assert new is not None
            assert names(new) is not None
            row = rows.pop(key, None)
            if row is not None:
                rows.setdefault(new, row)
        elif delivery["operation"] == "delete":
            rows.pop(key, None)
        else:
            assert value is not None
            rows[key] = {name: value[name] for name in fields}
            assert all(value[name] is None for name in value if name not in fields), "a field it may not have"
    return rows
