"""A register in memory: officers write into its table, a sink writes into the same, and its log is what a source sees.

Its triggers are those of five/*.sql. A register with a log tells whose each write was; one that is polled shows
whatever has changed since it was looked at last, and where the sink notes what it writes, whose that was.
"""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from connectors.sinks.memory import MemoryTarget
from tests.chaos.words import LONGEST_NAME, Edit, Row, Value

Event = dict[str, Any]


@dataclass
class MemoryDesk:
    """See desks.Desk. `key`: the column by which deliveries find a row. `target`: what a MemorySink writes to.

    `is_noted`: whether the sink of a polled register notes what it writes.
    """

    system: str
    table: str
    columns: tuple[str, ...]
    key: str
    is_polled: bool
    is_noted: bool = False
    target: MemoryTarget = field(default_factory=MemoryTarget)
    edits: list[Edit] = field(default_factory=list)
    log: list[Event] = field(default_factory=list)
    commit: int = 0
    ordinal: int = 0
    _next_id: int = 1
    _seen: Mapping[str, Row] = field(default_factory=dict)
    #: Of a polled register: by row, what people have written since it was looked at last.
    _unseen: dict[str, dict[str, Value]] = field(default_factory=dict)
    #: By row, what deliveries have written over and left since then.
    _notes: dict[str, list[tuple[Row | None, Row | None]]] = field(default_factory=dict)
    _touched: dict[str, int] = field(default_factory=dict)
    _clock: int = 0

    def __post_init__(self) -> None:
        self.target.tables[self.table] = {}

    @property
    def rows(self) -> dict[str, dict[str, Value]]:
        """By id."""
        return {str(row["id"]): dict(row) for row in self.target.tables[self.table].values()}

    def begin(self) -> None:
        """A transaction."""
        self.commit, self.ordinal = self.commit + 1, 0

    def some(self, chance: random.Random, wanted: Callable[[Row], object]) -> Row | None:
        """See Desk."""
        found = [row for row in self.rows.values() if wanted(row)]
        return chance.choice(found) if found else None

    def insert(self, values: Mapping[str, Value]) -> None:
        """See Desk. A row whose key is there already is refused, as a database refuses it."""
        row = {**dict.fromkeys(self.columns), **values, "id": self._new_id()}
        self._write(None, self._by_trigger(row, None))

    def update(self, row: Row, changes: Mapping[str, Value]) -> None:
        """See Desk."""
        before = self.rows.get(str(row["id"]))
        if before is not None:
            self._write(before, self._by_trigger({**before, **changes}, before))

    def delete(self, row: Row) -> None:
        """See Desk."""
        before = self.rows.get(str(row["id"]))
        if before is not None:
            self._write(before, None)

    def deliver(self, write: Callable[[], None]) -> None:
        """What `write` does to the table is done by a sink."""
        self.begin()
        before = self.rows
        write()
        table = self.target.tables[self.table]
        if self.key == "id":  # a system's own rows are never made by others
            for place in [place for place, row in table.items() if str(row["id"]) not in before]:
                del table[place]
        for place, row in table.items():
            whole = {**dict.fromkeys(self.columns), **row}
            whole["id"] = whole["id"] or self._new_id()
            table[place] = self._cut(whole)
        self._tell(before)

    def _tell(self, before: Mapping[str, Row]) -> None:
        """Of a delivery, that it was one; a register that is polled can tell by notes, if at all."""
        now = self.rows
        for name in [*now, *(name for name in before if name not in now)]:
            if now.get(name) != before.get(name):
                self._touch(name)
                if self.is_polled:
                    self._notes.setdefault(name, []).append((before.get(name), now.get(name)))
                else:
                    self._emit(before.get(name), now.get(name), ours=True)

    def look(self) -> None:
        """A polled register is looked at: what has changed since the last time goes into the log, the oldest first.

        What people have written counts as it stands now: nobody hears of what was undone or written over in between.
        """
        self.begin()
        now = self.rows
        for name in sorted(now, key=lambda name: self._touched[name]):
            if self.is_noted:
                self._look_at_notes(name, now[name])
            elif now[name] != self._seen.get(name):
                self._emit(self._seen.get(name), now[name])
                self._observe(name, self._seen.get(name), now[name])
        for name in [name for name in self._seen if name not in now]:
            taken = any(after is None for _, after in self._notes.get(name, ())) if self.is_noted else None
            self._emit(self._seen[name], None, ours=taken)
            if not taken:
                self.edits.append(Edit(name, self._seen[name], None))
        self._seen = now
        self._unseen.clear()
        self._notes.clear()

    def _look_at_notes(self, name: str, now: Row) -> None:
        last = self._seen.get(name)
        noted = [
            (row, ours) for note in self._notes.get(name, ()) for row, ours in zip(note, (False, True), strict=True)
        ]
        for row, ours in (*noted, (now, False)):
            if row not in (None, last):
                self._emit(last, row, ours=ours)
                if not ours:
                    self.edits.append(Edit(name, last, row))
                last = row

    def _observe(self, name: str, before: Row | None, now: Row) -> None:
        wrote = self._unseen.get(name, {})
        standing = {column: value for column, value in wrote.items() if now[column] == value}
        if before is None:
            self.edits.append(Edit(name, None, now))
        elif standing:
            self.edits.append(Edit(name, before, {**before, **standing}))

    def places(self) -> list[tuple[str, int, Row]]:
        """Every row, with the moment when it was written last."""
        return [(name, self._touched[name], row) for name, row in self.rows.items()]

    def _write(self, before: Row | None, after: dict[str, Value] | None) -> None:
        table = dict(self.target.tables[self.table])
        if before is not None:
            del table[(before[self.key],)]
        if after is not None:
            if (after[self.key],) in table:
                return
            table[(after[self.key],)] = after
        self.target.tables[self.table] = table
        name = str((after or before or {})["id"])
        self._touch(name)
        if self.is_polled:
            changed = {column: value for column, value in (after or {}).items() if (before or {}).get(column) != value}
            self._unseen.setdefault(name, {}).update(changed)
            return
        self.edits.append(Edit(name, before, after))
        self._emit(before, after, ours=False)

    def _emit(self, before: Row | None, after: Row | None, *, ours: bool | None = None) -> None:
        self.ordinal += 1
        operation = "create" if before is None else "delete" if after is None else "update"
        self.log.append(
            {
                "operation": operation,
                "system": self.system,
                "resource": self.table,
                "row": str((after or before or {})["id"]),
                "previous_row": None,
                "new_key": None,
                "epoch": 1,
                "commit": self.commit,
                "ordinal": self.ordinal,
                "edit": 0,
                "transaction": None,
                "source_time": 1_700_000_000_000_000 + self.commit,
                "captured_time": 0,
                "before": before,
                "after": after,
                "ours": ours,
            }
        )

    def _by_trigger(self, row: dict[str, Value], before: Row | None) -> dict[str, Value]:
        """What the register's own program does to a row that a person writes."""
        number, code = row.get("so_dinh_danh"), row.get("ma_lien_thong")
        if self.key == "ma_lien_thong":
            if before is None:
                row["ma_lien_thong"] = code or (f"citizen_id:{number}" if number else f"dan_cu#{row['id']}")
            elif number and str(code).startswith("citizen_id:"):
                row["ma_lien_thong"] = f"citizen_id:{number}"
        return self._cut(row)

    def _cut(self, row: dict[str, Value]) -> dict[str, Value]:
        if row.get("ten"):
            row["ten"] = str(row["ten"])[:LONGEST_NAME]
        return row

    def _touch(self, name: str) -> None:
        self._clock += 1
        self._touched[name] = self._clock
        for row in self.target.tables[self.table].values() if "luot" in self.columns else ():
            if str(row["id"]) == name:
                row["luot"] = str(self._clock)

    def _new_id(self) -> str:
        self._next_id += 1
        return str(self._next_id - 1)
