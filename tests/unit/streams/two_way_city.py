"""A city in which every system speaks and listens: deliveries are written to the very tables that are captured.

`o` owns who exists and residences, `h` owns names and may know a birth first, `d` owns phones; each receives what it
does not own. `h` and `o` have their own rows updated, `d` is given rows and loses them. `w` only listens.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Literal

from schemas import topics
from schemas.manifest import Manifest
from schemas.records import Delivery, Entity, EntityState
from streams.worker import Worker
from tests.unit.streams.city import ENTITY, worker
from tests.unit.streams.memory import MemoryKafka, MemoryRegistry, RawWriter, decoded

PARTITIONS = 2
KEYS = ("001099000001", "001099000002")
COLUMNS = ("id", "so", "ten", "noi", "dt")
FIELDS = {"ten": "full_name", "noi": "residence", "dt": "phone"}
OWNERS = {"h": "ten", "o": "noi", "d": "dt"}
TEXTS = ("A", "B", "Cao", None)
PHONES = ("+84912345671", "+84912345672", None)
#: How a system's changes are captured: a log that marks our writes, a log that does not, or a look now and then.
Capture = Literal["marked", "log", "poll"]
Row = dict[str, str | None]


def _manifest(system: str, key: dict[str, str], *owns: str) -> Manifest:
    received = {column: name for column, name in FIELDS.items() if name not in owns}
    publication = {"from": "rows", "key": {"citizen_id": "so", "else": "id"}, "owns": list(owns)}
    publication["fields"] = {name: column for column, name in FIELDS.items()}
    subscription = {"into": "rows", "key": key, "fields": received, "purpose": "thử"}
    parts = {"publishes": {ENTITY: publication}, "subscribes": {ENTITY: subscription}}
    return Manifest.model_validate({"system": system, "connect": {"kind": "memory"}, **parts})


_LISTENER = {
    "system": "w",
    "connect": {"kind": "memory"},
    "subscribes": {ENTITY: {"into": "t", "key": {"k": "key"}, "fields": FIELDS, "purpose": "thử"}},
}
CITY = [
    _manifest("o", {"id": "own"}, "residence", "existence"),
    _manifest("h", {"id": "own"}, "full_name", "birth"),
    _manifest("d", {"so": "citizen_id"}, "phone"),
    Manifest.model_validate(_LISTENER),
]
_REGISTRY = MemoryRegistry()


@cache
def _worker() -> Worker:
    return worker(CITY, _REGISTRY)


@cache
def _writer(system: str) -> RawWriter:
    return RawWriter(_REGISTRY, system, COLUMNS)


@dataclass
class System:
    """One system: its table, how it is captured, what of its deliveries it has applied."""

    name: str
    capture: Capture
    #: What the table makes of a text that it is given.
    alters: Callable[[str | None], str | None] = lambda text: text
    table: dict[str, Row] = field(default_factory=dict)
    #: What users have set last, by row and column: only where they ever did.
    words: dict[tuple[str, str], str | None] = field(default_factory=dict)
    log: list[dict[str, Any]] = field(default_factory=list)
    polled: dict[str, Row] = field(default_factory=dict)
    captured: int = 0
    applied: int = 0
    commit: int = 0
    next_id: int = 1
    is_cut_off: bool = False

    @property
    def receives(self) -> list[str]:
        """Columns that deliveries are written to."""
        return [column for column in FIELDS if column != OWNERS[self.name]]

    def row_of(self, so: str) -> str | None:
        return next((row for row, values in self.table.items() if values["so"] == so), None)

    def insert(self, so: str, values: Row, *, ours: bool) -> str:
        row, self.next_id = str(self.next_id), self.next_id + 1
        self.table[row] = {"so": so, **dict.fromkeys(FIELDS), **{c: self.alters(v) for c, v in values.items()}}
        self._note("create", row, ours=ours)
        return row

    def update(self, row: str, values: Row, *, ours: bool) -> None:
        new = {**self.table[row], **{column: self.alters(value) for column, value in values.items()}}
        if new != self.table[row]:
            self.table[row] = new
            self._note("update", row, ours=ours)

    def delete(self, row: str, *, ours: bool) -> None:
        before = self.table.pop(row)
        self.words = {place: word for place, word in self.words.items() if place[0] != row}
        self._note("delete", row, ours=ours, before=before)

    def look(self) -> None:
        """A poll: what is other than it was at the last look, in any order."""
        for row in sorted(self.polled.keys() - self.table.keys()):
            self._event("delete", row, ours=None, before=self.polled[row])
        for row, values in self.table.items():
            if self.polled.get(row) != values:
                self._event("update" if row in self.polled else "create", row, ours=None)
        self.polled = {row: dict(values) for row, values in self.table.items()}

    def apply(self, delivery: Delivery) -> None:
        """As a sink would."""
        value = delivery["fields"]
        columns = {column: value[FIELDS[column]] for column in self.receives} if value else {}
        if delivery["key"].startswith(f"{self.name}#"):
            assert delivery["operation"] == "upsert", "the system's own rows are only updated"
            row = delivery["key"].partition("#")[2]
            if row in self.table:
                self.update(row, columns, ours=True)
            return
        so = delivery["key"].partition(":")[2]
        found = self.row_of(so)
        if delivery["operation"] == "delete":
            if found is not None:
                self.delete(found, ours=True)
        elif found is None:
            self.insert(so, columns, ours=True)
        else:
            self.update(found, columns, ours=True)

    def _note(self, operation: str, row: str, *, ours: bool, before: Row | None = None) -> None:
        if self.capture != "poll":
            self._event(operation, row, ours=ours if self.capture == "marked" else None, before=before)

    def _event(self, operation: str, row: str, *, ours: bool | None, before: Row | None = None) -> None:
        self.commit += 1
        after = {"id": row, **self.table[row]} if operation != "delete" else None
        self.log.append(
            {
                "operation": operation,
                "system": self.name,
                "resource": "rows",
                "row": row,
                "previous_row": None,
                "new_key": None,
                "epoch": 1,
                "commit": self.commit,
                "ordinal": 1,
                "edit": 0,
                "transaction": None,
                "source_time": self.commit,
                "captured_time": 0,
                "before": None if before is None else {"id": row, **before},
                "after": after,
                "ours": ours,
            }
        )


@dataclass
class TwoWayCity:
    """All systems, the logs between, and one worker for every partition."""

    systems: dict[str, System]
    kafka: MemoryKafka = field(default_factory=lambda: MemoryKafka(PARTITIONS))
    offsets: dict[tuple[str, int], int] = field(default_factory=dict)
    listener: dict[str, Entity] = field(default_factory=dict)
    #: By key and column, every (system, row) in which users ever set it.
    speakers: dict[tuple[str, str], set[tuple[str, str]]] = field(default_factory=dict)
    heard: int = 0

    def __post_init__(self) -> None:
        self.worker = _worker()

    def capture(self, name: str, most: int | None = None) -> bool:
        """The connector sends what is new, of a log at most so many."""
        system = self.systems[name]
        if system.is_cut_off:
            return False
        if system.capture == "poll":
            system.look()
        events = system.log[system.captured :][:most]
        for event in events:
            key = f"citizen_id:{(event['after'] or event['before'])['so']}".encode()
            value = _writer(name)(event)
            self.kafka.append(topics.raw(name, ENTITY), key, value, partition=self.kafka.home(key))
        system.captured += len(events)
        return bool(events)

    def deliver(self, name: str, most: int | None = None) -> bool:
        """The sink writes what is new, at most so many."""
        system = self.systems[name]
        if system.is_cut_off:
            return False
        records = self.kafka.logs[topics.to(name, ENTITY), 0][system.applied :][:most]
        for record in records:
            system.apply(decoded(record.value, _REGISTRY))
        system.applied += len(records)
        return bool(records)

    def listen(self) -> None:
        """`w`, who is never cut off."""
        log = self.kafka.logs[topics.to("w", ENTITY), 0]
        for record in log[self.heard :]:
            delivery: Delivery = decoded(record.value, _REGISTRY)
            if delivery["operation"] == "delete":
                self.listener.pop(delivery["key"], None)
            else:
                self.listener[delivery["key"]] = delivery["fields"] or {}
        self.heard = len(log)

    def work(self, choice: int, size: int = 1) -> bool:
        """One batch of one of the partitions that have something to do. False: nothing is left."""
        ready = [
            place
            for place in sorted(self.kafka.logs)
            if place[0].startswith(("raw.", "identify.")) and self.offsets.get(place, 0) < len(self.kafka.logs[place])
        ]
        if not ready:
            return False
        place = ready[choice % len(ready)]
        batch = self.kafka.batch(*place, self.offsets.get(place, 0), size)
        self.worker.process(batch)
        self.offsets[place] = self.offsets.get(place, 0) + len(batch.records)
        return True

    def settle(self, chance: random.Random, *, rounds: int = 60) -> int:
        """Everything runs until nothing happens. Returns the deliveries that it took; fails where they never stop."""
        before = self.sent()
        for system in self.systems.values():
            system.is_cut_off = False
        for _ in range(rounds):
            busy = [self.capture(name) for name in self.systems]
            while self.work(chance.randrange(10**6), 5):
                busy.append(True)
            busy += [self.deliver(name) for name in self.systems]
            if not any(busy):
                self.listen()
                return self.sent() - before
        raise AssertionError("deliveries do not stop although edits have")

    def sent(self) -> int:
        return sum(len(log) for (topic, _), log in self.kafka.logs.items() if topic.startswith("to."))

    def state(self, so: str) -> EntityState | None:
        key = f"citizen_id:{so}".encode()
        value = self.kafka.states[self.kafka.home(key)].get(key)
        found: EntityState | None = None if value is None else decoded(value, _REGISTRY)
        return found
