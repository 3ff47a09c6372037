"""The crash test's city in memory: the owners of the keys run at very different speed, and the target keeps a history.

The workload is that of `tests.chaos.workload`, on so few keys that rows meet under them all the time.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from connectors.sinks.memory import MemorySink, MemoryTarget
from connectors.values import Stream, Write, Writes
from schemas import topics
from schemas.manifest import Manifest
from schemas.mapping import compile_out, key_out
from schemas.records import Delivery
from tests.chaos.target import Fault, faults_in
from tests.unit.streams.city import ENTITY, worker
from tests.unit.streams.memory import MemoryKafka, MemoryRegistry, RawWriter, decoded

PARTITIONS = 4
KEYS = tuple(f"00109900000{number}" for number in range(5))
_SOURCE = Manifest.model_validate(
    {
        "system": "a",
        "connect": {"kind": "memory"},
        "publishes": {
            "person": {
                "from": "rows",
                "key": {"citizen_id": "so", "else": "id"},
                "fields": {"citizen_id": "so", "full_name": "ten", "note": "ghi_chu"},
                "owns": ["citizen_id", "full_name", "note", "existence"],
            }
        },
    }
)
_TARGET = Manifest.model_validate(
    {
        "system": "dich",
        "connect": {"kind": "memory"},
        "subscribes": {
            "person": {
                "into": "t",
                "key": {"ma": "key"},
                "fields": {"so": "citizen_id", "ten": "full_name", "ghi_chu": "note"},
                "purpose": "thử",
            }
        },
    }
)
_REGISTRY = MemoryRegistry()
_WORKER = worker([_SOURCE, _TARGET], _REGISTRY)
_WRITER = RawWriter(_REGISTRY, "a", ("id", "so", "ten", "ghi_chu"))
_TOPIC = topics.raw("a", ENTITY)
_PLACES = [(name, number) for name in (_TOPIC, topics.identify(ENTITY)) for number in range(PARTITIONS)]
_STREAM = Stream(ENTITY, topics.to("dich", ENTITY), 0, "t")
_NAMES, _COLUMNS = key_out(_TARGET.subscribes[ENTITY]), compile_out(_TARGET.subscribes[ENTITY], ENTITY)

Log = list[tuple[str, dict[str, Any]]]


@dataclass
class Table:
    """The source's table, and the log of its changes."""

    chance: random.Random
    rows: dict[str, dict[str, Any]] = field(default_factory=dict)
    log: Log = field(default_factory=list)
    _commit: int = 0
    _ordinal: int = 0
    _last: int = 0

    def begin(self) -> None:
        """The next transaction."""
        self._commit, self._ordinal = self._commit + 1, 0

    def transaction(self) -> None:
        """One, of several statements."""
        self.begin()
        for _ in range(self.chance.choice((1, 1, 2, 4))):
            self.chance.choices(
                (self._insert, self._update, self._delete, self._change_key, self._swap_keys), (30, 35, 10, 25, 6)
            )[0]()

    def key(self, row: str) -> str:
        so = self.rows[row]["so"]
        return f"citizen_id:{so}" if so else f"a#{row}"

    def _some(self) -> str | None:
        return self.chance.choice(list(self.rows)) if self.rows else None

    def _taken(self, so: str | None) -> bool:
        return so is not None and any(row["so"] == so for row in self.rows.values())

    def _number(self, often: float) -> str | None:
        return self.chance.choice(KEYS) if self.chance.random() < often else None

    def _insert(self) -> None:
        """Now and then by the number of a row that is no more."""
        self._last += 1
        so, row = self._number(0.85), str(self._last)
        if self.chance.random() < 0.2:
            row = str(self.chance.randint(1, self._last))
        if not self._taken(so) and row not in self.rows:
            self.insert(row, so, uid=str(self._last))

    def insert(self, row: str, so: str | None, *, uid: str) -> None:
        """A new row, whose number may have been another's."""
        self.rows[row] = {"id": row, "so": so, "ten": self.chance.choice("ABC"), "ghi_chu": f"{uid}:1"}
        self._emit("create", row, self.key(row), after=dict(self.rows[row]))

    def _update(self) -> None:
        if (row := self._some()) is not None:
            self.write(row, self.rows[row]["so"])

    def _delete(self) -> None:
        if (row := self._some()) is not None:
            self.delete(row)

    def delete(self, row: str) -> None:
        """It is no more."""
        key, before = self.key(row), self.rows.pop(row)
        self._emit("delete", row, key, before=before)

    def _change_key(self) -> None:
        so, row = self._number(0.8), self._some()
        if row is not None and not self._taken(so):
            self.write(row, so)

    def _swap_keys(self) -> None:
        numbered = [row for row, columns in self.rows.items() if columns["so"]]
        if len(numbered) > 1:
            first, second = self.chance.sample(numbered, 2)
            one, other = self.rows[first]["so"], self.rows[second]["so"]
            for row, so in ((first, None), (second, one), (first, other)):
                self.write(row, so)

    def write(self, row: str, so: str | None) -> None:
        """An update, with this number."""
        key, columns = self.key(row), self.rows[row]
        uid, _, counter = columns["ghi_chu"].partition(":")
        columns |= {"so": so, "ten": self.chance.choice("ABC"), "ghi_chu": f"{uid}:{int(counter) + 1}"}
        new_key = self.key(row)
        self._emit("update", row, key, after=dict(columns), new_key=None if new_key == key else new_key)

    def _emit(self, operation: str, row: str, key: str, **more: Any) -> None:
        self._ordinal += 1
        event = {
            "operation": operation,
            "system": "a",
            "resource": "rows",
            "row": row,
            "previous_row": None,
            "new_key": None,
            "epoch": 1,
            "commit": self._commit,
            "ordinal": self._ordinal,
            "edit": 0,
            "transaction": None,
            "source_time": 0,
            "captured_time": 0,
            "before": None,
            "after": None,
        }
        self.log.append((key, event | more))


class CrashCity:
    """`chance` decides everything."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self.table = Table(chance)
        self.kafka = MemoryKafka(PARTITIONS)
        self._offsets: dict[tuple[str, int], int] = {}
        self._sent = 0

    def run(self, transactions: int) -> None:
        """So many transactions, while every partition is worked off at a speed that changes now and then."""
        speeds = self._speeds()
        for number in range(transactions):
            if number % 4 == 0:
                speeds = self._speeds()
            self.table.transaction()
            if self._chance.random() < 0.1:
                # It has died before it confirmed, and the end comes again.
                self._sent = max(0, self._sent - self._chance.randint(1, 8))
            self.capture()
            for _ in range(self._chance.choice((0, 2, 6))):
                self._work(speeds)
        speeds = self._speeds()
        while self._work(speeds):
            if self._chance.random() < 0.05:
                speeds = self._speeds()

    def _speeds(self) -> dict[tuple[str, int], float]:
        return {place: self._chance.choice((0.0001, 0.03, 1.0, 1.0)) for place in _PLACES}

    def capture(self) -> None:
        """The connector sends what is new."""
        for key, event in self.table.log[self._sent :]:
            self.kafka.append(_TOPIC, key.encode(), _WRITER(event))
        self._sent = len(self.table.log)

    def ready(self) -> list[tuple[str, int]]:
        """The partitions that have something to do."""
        return [place for place in _PLACES if self._offsets.get(place, 0) < len(self.kafka.logs[place])]

    def work(self, choice: int) -> bool:
        """One record of one of them."""
        ready = self.ready()
        if ready:
            self._take(ready[choice % len(ready)], 1)
        return bool(ready)

    def _work(self, speeds: dict[tuple[str, int], float]) -> bool:
        ready = self.ready()
        if ready:
            [place] = self._chance.choices(ready, [speeds[place] for place in ready])
            self._take(place, self._chance.choice((1, 1, 3)))
        return bool(ready)

    def _take(self, place: tuple[str, int], most: int) -> None:
        batch = self.kafka.batch(*place, self._offsets.get(place, 0), most)
        _WORKER.process(batch)
        self._offsets[place] = self._offsets.get(place, 0) + len(batch.records)

    def deliveries(self) -> list[Delivery]:
        return [decoded(record.value, _REGISTRY) for record in self.kafka.logs[_STREAM.topic, 0]]

    def expected(self) -> dict[str, str]:
        """By key, the note of the row that must be there."""
        return {self.table.key(row): columns["ghi_chu"] for row, columns in self.table.rows.items()}


@dataclass
class Target:
    """The sink's decisions on rows in memory, one delivery a time, and what a trigger would write down."""

    memory: MemoryTarget = field(default_factory=MemoryTarget)
    history: list[tuple[int, str, str, str]] = field(default_factory=list)

    def take(self, deliveries: list[Delivery]) -> None:
        sink = MemorySink(_TARGET, self.memory)
        sink.open([_STREAM])
        for write in writes(deliveries):
            before, offset = self.rows, write.offset
            sink.write(Writes(_STREAM, offset, offset + 1, [write]), _refuse)
            self.history += _entries(before, self.rows, offset)

    @property
    def rows(self) -> dict[str, str]:
        """By key, the note."""
        return {str(key): str(row["ghi_chu"]) for (key,), row in self.memory.tables.get("t", {}).items()}

    def faults(self) -> list[Fault]:
        return faults_in(self.history)


def _entries(before: dict[str, str], after: dict[str, str], offset: int) -> Iterator[tuple[int, str, str, str]]:
    for key, note in before.items():
        if key not in after:
            yield offset, "delete", key, note
    for key, note in after.items():
        if before.get(key) != note:
            yield offset, "update" if key in before else "insert", key, note


def writes(deliveries: list[Delivery]) -> list[Write]:
    """As the sink gets them."""
    return [_write(delivery, offset) for offset, delivery in enumerate(deliveries)]


def _write(delivery: Delivery, offset: int) -> Write:
    key = _NAMES(delivery["key"])
    moved_to = _NAMES(delivery["moved_to"]) if delivery["moved_to"] else None
    assert key is not None
    values = _COLUMNS(delivery["fields"]) if delivery["fields"] is not None else {}
    return Write(delivery["operation"], key, values, moved_to, delivery["version"], offset, delivery["event_id"])


def _refuse(rejected: object) -> None:
    raise AssertionError(f"refused: {rejected}")
