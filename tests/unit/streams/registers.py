"""Three systems that know the same people by different numbers, one of them the authority for who is who.

`d`, the population register, gives citizen ids, and states which numbers are one person: the old id, the number that a
row had before, and the key under which somebody else had entered a newborn. `h` enters newborns; `t` knows phones by
whatever number people gave. All write as they like, and their logs are worked off in any order that Kafka allows.
"""

from dataclasses import dataclass, field
from typing import Any

from schemas.manifest import Manifest
from tests.unit.streams.simulation import City, Source, manifest, subscription

COLUMNS = ("id", "so", "cu", "ma", "so_truoc", "ten", "sinh", "xa", "dt")
CITIZEN_IDS = ("001099000001", "001099000002", "001099000003")
OLD_IDS = ("012345671", "012345672")
PROVISIONAL = ("h#1", "h#2", "d#1", "t#1")


def _publication(key: dict[str, str], fields: dict[str, str], owns: list[str], **more: Any) -> dict[str, Any]:
    return {"person": {"from": "rows", "key": key, "fields": fields, "owns": owns, **more}}


MANIFESTS: list[Manifest] = [
    manifest(
        "d",
        publishes=_publication(
            {"citizen_id": "so", "old_id": "cu", "key": "ma", "else": "id"},
            {"citizen_id": "so", "birth_date": "sinh", "residence": "xa"},
            ["citizen_id", "residence", "existence"],
            also={"so_truoc": "citizen_id"},
        ),
    ),
    manifest(
        "h",
        publishes=_publication(
            {"citizen_id": "so", "else": "id"},
            {"full_name": "ten", "birth_date": "sinh"},
            ["full_name", "birth_date", "birth"],
        ),
    ),
    manifest(
        "t",
        publishes=_publication(
            {"citizen_id": "so", "old_id": "cu", "key": "ma", "else": "id"},
            {"full_name": "ten", "phone": "dt"},
            ["phone"],
        ),
    ),
    manifest("all", subscribes=subscription({"k": "key"}, {"n": "full_name", "x": "residence", "p": "phone"})),
    manifest("bare", subscribes=subscription({"so": "citizen_id"}, {"n": "full_name"}, "residence == '00001'")),
]
SUBSCRIBERS = ("all", "bare")
REGISTERS = City(MANIFESTS, COLUMNS)
FIELDS = {"all": ("full_name", "residence", "phone"), "bare": ("full_name",)}


@dataclass
class Person:
    """One row: its columns, but for its number."""

    columns: dict[str, str | None]

    @property
    def so(self) -> str | None:
        return self.columns["so"]


@dataclass
class Register(Source):
    """A system's table; its rows are keyed by the first of `names` that holds something."""

    #: (column, what stands before its value in a key).
    names: tuple[tuple[str, str], ...] = ()
    people: dict[str, Person] = field(default_factory=dict)

    def key_of(self, name: str) -> str:
        columns = self.people[name].columns
        for column, before in self.names:
            if columns[column]:
                return f"{before}{columns[column]}"
        return f"{self.system}#{name}"

    def enter(self, columns: dict[str, str | None]) -> None:
        while str(self.next_id) in self.people:
            self.next_id += 1
        name, self.next_id = str(self.next_id), self.next_id + 1
        self.people[name] = Person(columns)
        self.emit(self.key_of(name), self.event("create", name, after=self.columns(name)))

    def change(self, name: str, changed: dict[str, str | None], new_name: str | None = None) -> None:
        before = self.key_of(name)
        self.people[name].columns |= changed
        previous = None
        if new_name is not None and new_name not in self.people:
            self.people[new_name], previous = self.people.pop(name), name
            name = new_name
        after = self.key_of(name)
        new_key = after if after != before else None
        event = self.event("update", name, after=self.columns(name), new_key=new_key, previous_row=previous)
        self.emit(before, event)

    def remove(self, name: str) -> None:
        key, before = self.key_of(name), self.columns(name)
        del self.people[name]
        self.emit(key, self.event("delete", name, before=before))

    def clear(self) -> None:
        self.people.clear()
        self.emit(None, self.event("truncate"))

    def snapshot(self) -> None:
        self.epoch, self.is_blind = self.epoch + 1, False
        self.begin()
        self.emit(None, self.event("snapshot_begin"))
        for name in self.people:
            self.emit(self.key_of(name), self.event("read", name, after=self.columns(name)))
        self.emit(None, self.event("snapshot_end"))
        self.begin()

    def columns(self, name: str) -> dict[str, Any]:
        return {"id": name, **self.people[name].columns}


_CITIZEN, _OLD, _WHOLE = ("so", "citizen_id:"), ("cu", "old_id:"), ("ma", "")


def registers() -> dict[str, Source]:
    """Empty tables."""
    return {
        "d": Register("d", names=(_CITIZEN, _OLD, _WHOLE)),
        "h": Register("h", names=(_CITIZEN,)),
        "t": Register("t", names=(_CITIZEN, _OLD, _WHOLE)),
    }
