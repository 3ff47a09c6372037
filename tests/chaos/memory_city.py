"""The five systems in memory, with the product's steps between them, in any order that Kafka and the wires allow."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from connectors.raw_plan import make_plan
from connectors.sinks.memory import MemorySink, MemoryTarget
from connectors.values import Stream, Write, Writes
from schemas import topics
from schemas.mapping import compile_out, key_out
from schemas.records import Delivery
from streams import walk_markers
from streams.place import CLOSED_KEY
from streams.worker import Worker
from tests.chaos.authority import Holding, holdings, truth
from tests.chaos.comparison import differences
from tests.chaos.five_manifests import SYSTEMS, TABLES, manifest
from tests.chaos.memory_desk import MemoryDesk
from tests.chaos.officers import Business, CivilStatus, Numbers, Officer, Population
from tests.chaos.words import DAN_CU, DKKD, HO_TICH, Word, words
from tests.unit.streams.city import ENTITY, worker
from tests.unit.streams.memory import MemoryKafka, MemoryRegistry, decoded, row_schema

PARTITIONS = 4
#: Rounds after the last edit in which all must have come to rest. Answers to answers need a few; a ping-pong any.
_ROUNDS = 60


class Registry(MemoryRegistry):
    """As the connectors take it."""

    def set_compatibility(self, subject: str, level: str) -> None:
        """Anything goes."""


@dataclass
class Subscriber:
    """One system's sink, and how far it has come."""

    system: str
    target: MemoryTarget
    deliver: Callable[[Callable[[], None]], None]
    offset: int = 0

    def __post_init__(self) -> None:
        self._stream = Stream(ENTITY, topics.to(self.system, ENTITY), 0, "t")
        found = manifest(self.system)
        self._names, self._columns = key_out(found.subscribes[ENTITY]), compile_out(found.subscribes[ENTITY], ENTITY)
        self._sink = MemorySink(found, self.target)
        self._sink.open([self._stream])

    def write(self, deliveries: list[Delivery | None]) -> None:
        """Contiguous ones, from `offset` on; None: a tombstone, which says nothing."""
        told = [(place, delivery) for place, delivery in enumerate(deliveries) if delivery is not None]
        items = [self._write(delivery, self.offset + place) for place, delivery in told]
        writes = Writes(self._stream, self.offset, self.offset + len(deliveries), items)
        self.deliver(lambda: self._sink.write(writes, _refuse))
        self.offset += len(deliveries)

    def _write(self, delivery: Delivery, offset: int) -> Write:
        key, moved_to = self._names(delivery["key"]), delivery["moved_to"] and self._names(delivery["moved_to"])
        assert key is not None, f"{self.system} cannot name {delivery['key']}"
        values = self._columns(delivery["fields"]) if delivery["fields"] is not None else {}
        return Write(
            delivery["operation"], key, values, moved_to or None, delivery["version"], offset, delivery["event_id"]
        )


def _refuse(rejected: object) -> None:
    raise AssertionError(f"refused: {rejected}")


@dataclass
class MemoryCity:
    """`chance` decides everything. `is_noted`: whether sinks of polled registers note what they write."""

    chance: random.Random
    is_noted: bool = False
    registry: Registry = field(default_factory=Registry)
    kafka: MemoryKafka = field(default_factory=lambda: MemoryKafka(PARTITIONS))
    offsets: dict[tuple[str, int], int] = field(default_factory=dict)
    sent: dict[str, int] = field(default_factory=dict)
    edits: int = 0

    def __post_init__(self) -> None:
        self.desks = {
            system: MemoryDesk(system, TABLES[system], columns, key, is_polled, self.is_noted)
            for system, columns, key, is_polled in _REGISTERS
        }
        numbers = Numbers()
        clerks: list[tuple[str, type[Officer]]] = [
            ("ho_tich", CivilStatus),
            ("dan_cu", Population),
            ("dkkd", Business),
        ]
        self.officers = {system: clerk(self.desks[system], numbers, self.chance) for system, clerk in clerks}
        self.subscribers = {system: self._subscriber(system) for system in SYSTEMS}
        self.worker: Worker = worker([manifest(system) for system in SYSTEMS], self.registry)
        self._plans = {system: self._plan(system) for system in TABLES}

    def work(self, edits: int) -> None:
        """So many edits, and between them whatever happens to come next; systems are cut off for a while, too."""
        while self.edits < edits:
            system = self.chance.choice(list(TABLES))
            self.desks[system].begin()
            self.edits += self.officers[system].work()
            is_cut_off = self.chance.choice((None, None, *SYSTEMS))
            for _ in range(self.chance.choice((0, 1, 2, 4, 40))):
                self.step(is_cut_off)

    def step(self, is_cut_off: str | None = None) -> None:
        """One thing anywhere: a capture, a batch of a worker, a batch of a sink."""
        system = self.chance.choice([name for name in SYSTEMS if name != is_cut_off])
        kind = self.chance.choice(("capture", "process", "process", "process", "deliver", "deliver"))
        if kind == "capture" and system in TABLES:
            self.capture(system, self.chance.choice((1, 3, 100)))
        elif kind == "process":
            self.process(self.chance.choice((1, 5)))
        elif kind == "deliver":
            self.deliver(system, self.chance.choice((1, 3, 20)))

    def come_to_rest(self) -> None:
        """No more edits: everything is done until nothing is left. AssertionError where that never happens."""
        for _ in range(_ROUNDS):
            before = self._done
            for system in TABLES:
                self.capture(system, 10**9)
            while self.process(50):
                pass
            for system in SYSTEMS:
                self.deliver(system, 10**9)
            if before == self._done:
                return
        raise AssertionError(f"deliveries do not stop: {before} steps after {_ROUNDS} rounds without an edit")

    @property
    def _done(self) -> int:
        """Records that were written and deliveries that were taken: what is delivered is captured only afterwards."""
        written = sum(len(log) for log in self.kafka.logs.values())
        return written + sum(subscriber.offset for subscriber in self.subscribers.values())

    def close_graves(self) -> int:
        """All there are, as if they were old; how many were closed."""
        before = self._graves_and_others()
        value = self.worker._wire.write_forward(walk_markers.close(2**62))
        for partition in range(PARTITIONS):
            self.kafka.append(topics.identify(ENTITY), None, value, partition=partition)
        while self.process(50):
            pass
        return before - self._graves_and_others()

    def _graves_and_others(self) -> int:
        return sum(key != CLOSED_KEY.encode() for state in self.kafka.states.values() for key in state.entries)

    def capture(self, system: str, most: int) -> None:
        """A source sends what is new in its register."""
        desk, plan = self.desks[system], self._plans[system]
        if desk.is_polled:
            desk.look()
        start = self.sent.get(system, 0)
        for event in desk.log[start : start + most]:
            key = plan.key(event).encode()
            self.kafka.append(plan.topic, key, plan.encode(event))
            self.sent[system] = self.sent.get(system, 0) + 1

    def process(self, most: int) -> bool:
        """A worker takes a batch of any partition that has one. False: none has."""
        ready = [
            place
            for place in sorted(self.kafka.logs)
            if place[0].startswith(("raw.", "identify.")) and self.offsets.get(place, 0) < len(self.kafka.logs[place])
        ]
        if not ready:
            return False
        place = self.chance.choice(ready)
        batch = self.kafka.batch(*place, self.offsets.get(place, 0), most)
        self.worker.process(batch)
        self.offsets[place] = self.offsets.get(place, 0) + len(batch.records)
        return True

    def deliver(self, system: str, most: int) -> None:
        """A sink takes what is there for it."""
        subscriber = self.subscribers[system]
        start = subscriber.offset
        records = self.kafka.logs[topics.to(system, ENTITY), 0][start : start + most]
        if records:
            subscriber.write([None if r.value is None else decoded(r.value, self.registry) for r in records])

    def said(self) -> list[Word]:
        """What all rows say."""
        registers = (HO_TICH, DAN_CU, DKKD)
        desks = [(register, self.desks[register.system]) for register in registers]
        return [word for register, desk in desks for word in words(register, desk.places(), desk.edits)]

    def held(self) -> dict[str, Holding]:
        """By subscriber and name of the record, the columns."""
        tables = {system: self.desks[system].rows for system in ("ho_tich", "dkkd")}
        for system in ("dan_cu", "suc_khoe", "bao_cao"):
            [table] = self.subscribers[system].target.tables.values()
            tables[system] = {str(key): dict(row) for (key,), row in table.items()}
        return tables

    def differences(self) -> list[str]:
        """Between what everybody holds and what the specification says."""
        return differences(holdings(truth(self.said())), self.held())

    def dead_letters(self) -> list[Any]:
        """There are to be none."""
        return self.kafka.read(topics.DEAD_LETTERS, self.registry)

    def _subscriber(self, system: str) -> Subscriber:
        if system in self.desks:
            return Subscriber(system, self.desks[system].target, self.desks[system].deliver)
        target = MemoryTarget()
        target.tables[manifest(system).subscribes[ENTITY].into] = {}
        return Subscriber(system, target, lambda write: write())

    def _plan(self, system: str) -> Any:
        desk = self.desks[system]
        shape = row_schema(system, desk.columns)
        return make_plan(self.registry, manifest(system), ENTITY, desk.table, shape)  # type: ignore[arg-type]


_REGISTERS = (
    ("ho_tich", ("id", "so_dinh_danh", "ho_ten", "ngay_sinh", "gioi_tinh", "ngay_mat", "noi_thuong_tru"), "id", False),
    (
        "dan_cu",
        (
            *("id", "ma_lien_thong", "so_dinh_danh", "so_dinh_danh_cu", "so_cmnd_cu", "ho_va_ten", "ngay_sinh"),
            *("gioi_tinh", "ngay_mat", "dien_thoai", "noi_o", "ma_xa"),
        ),
        "ma_lien_thong",
        False,
    ),
    ("dkkd", ("id", "so_dinh_danh", "so_cmnd", "ten", "dia_chi", "dien_thoai", "luot"), "id", True),
)
