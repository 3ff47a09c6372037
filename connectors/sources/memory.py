"""The source `memory`: a system inside this process, for tests. It keeps what every real source is asked to keep."""

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict

from connectors.contract import Memory
from connectors.errors import Fenced, SourceUnavailable
from connectors.resync_requests import concerns, finished, taken_up
from connectors.values import Change, Changes, Finding
from schemas.manifest import Manifest
from schemas.records import ChangeEvent, Operation, Resync, Row
from schemas.settings import Settings

_COMPLETE = "complete"
_POLL_SECONDS = 0.005


class Connect(BaseModel):
    """`connect:` of a system whose kind is `memory`."""

    model_config = ConfigDict(extra="ignore")

    kind: Literal["memory"]
    #: Which system of this process.
    target: str = "default"


class Logged(NamedTuple):
    """One transaction: one change of one row, or a truncation."""

    operation: Operation
    table: str
    row: str
    previous_row: str | None
    before: Row | None
    after: Row | None
    time: int


@dataclass(slots=True)
class MemoryTable:
    """`fields`: Avro type by column; `key`: the primary key; `rows` by its text."""

    fields: dict[str, str]
    key: str
    rows: dict[str, Row] = field(default_factory=dict)

    def shape(self, system: str, name: str) -> dict[str, Any]:
        """The Avro record of a row."""
        fields = [{"name": n, "type": ["null", t], "default": None, "source_type": t} for n, t in self.fields.items()]
        namespace = f"lienthong.raw.{system}.{name.replace('.', '_')}"
        return {"type": "record", "name": "Row", "namespace": namespace, "fields": fields}


@dataclass(slots=True)
class MemorySystem:
    """A system's whole content, and its log. Each call of `put`, `remove` and `truncate` is a transaction."""

    tables: dict[str, MemoryTable] = field(default_factory=dict)
    log: list[Logged] = field(default_factory=list)
    #: How much of the log its source has confirmed.
    confirmed: int = 0
    #: One more each time that `sever` is called; a source that was opened before finds itself cut off.
    connection: int = 0
    #: The newest source that has opened it.
    generation: int = 0

    def create(self, table: str, fields: dict[str, str], *, key: str) -> None:
        """A new, empty table."""
        self.tables[table] = MemoryTable(fields, key)

    def put(self, table: str, row: Row, *, instead_of: str | None = None) -> None:
        """Insert, or update the row with this key or the key `instead_of`; columns that are not named stay."""
        known = self.tables[table]
        name = str(row[known.key])
        before = known.rows.pop(instead_of or name, None)
        after = {**dict.fromkeys(known.fields), **(before or {}), **row}
        known.rows[name] = after
        operation: Operation = "create" if before is None else "update"
        self._log(operation, table, name, before, after, instead_of if instead_of != name else None)

    def remove(self, table: str, key: Any) -> None:
        """Delete a row; nothing where there is none."""
        before = self.tables[table].rows.pop(str(key), None)
        if before is not None:
            self._log("delete", table, str(key), before, None)

    def truncate(self, table: str) -> None:
        """Delete all rows at once."""
        self.tables[table].rows.clear()
        self._log("truncate", table, "", None, None)

    def sever(self) -> None:
        """Cut off every source that is open."""
        self.connection += 1

    def _log(  # noqa: PLR0913, PLR0917 - as a row of the log
        self,
        operation: Operation,
        table: str,
        row: str,
        before: Row | None,
        after: Row | None,
        previous_row: str | None = None,
    ) -> None:
        self.log.append(Logged(operation, table, row, previous_row, before, after, time.time_ns() // 1000))


_systems: dict[str, MemorySystem] = {}


def system(name: str) -> MemorySystem:
    """The system of this name in this process; made when it is first asked for."""
    return _systems.setdefault(name, MemorySystem())


def source(manifest: Manifest, settings: Settings) -> "MemorySource":
    """A source that reads `system(connect["target"])`."""
    return MemorySource(manifest, system(Connect.model_validate(manifest.connect).target))


class MemorySource:
    """See `connectors.contract.Source`."""

    def __init__(self, manifest: Manifest, system: MemorySystem) -> None:
        self._name = manifest.system
        self._entities = {table: [entity for entity, _ in fed] for table, fed in manifest.resources().items()}
        self._system = system
        self._shapes: dict[str, dict[str, Any]] = {}
        self._memory: Memory | None = None
        self._connection: int | None = None
        self._epoch = 0
        self._read = 0
        self._complete = False

    def open(self, memory: Memory) -> None:
        """See Source."""
        last = memory.last
        self._epoch = last["epoch"] if last else 0
        interrupted = last is not None and last["resync"] is not None and bool(last["resync"]["answers"])
        self._complete = last is not None and last["detail"] == _COMPLETE and not interrupted
        memory.keep(epoch=self._epoch, phase="starting", detail=_COMPLETE if self._complete else "")
        self._check_generation(memory.generation)
        self._system.generation = memory.generation
        self._memory, self._connection = memory, self._system.connection
        self._shapes = {table: self._system.tables[table].shape(self._name, table) for table in self._entities}
        self._read = self._system.confirmed
        if self._complete:
            memory.keep(epoch=self._epoch, phase="streaming", detail=_COMPLETE)
        else:
            self._epoch += 1
            self._read = -1
            memory.keep(epoch=self._epoch, phase="snapshot", resync=self._taken_up(memory))

    def read(self, timeout: float) -> Changes | None:
        """See Source."""
        until = time.monotonic() + timeout
        while True:
            self._check_connected()
            if self._complete and self._memory is not None and self._memory.asked():
                return self._read_anew(self._memory)
            if self._read < 0:
                self._read = len(self._system.log)
                return Changes(list(self._snapshot(self._read, self._system.tables)), self._read)
            if self._read < len(self._system.log):
                start, self._read = self._read, len(self._system.log)
                places = range(start, self._read)
                return Changes([change for place in places for change in self._streamed(place)], self._read)
            if time.monotonic() >= until:
                return None
            time.sleep(min(_POLL_SECONDS, timeout))

    def confirm(self, token: object) -> None:
        """See Source."""
        assert isinstance(token, int)  # noqa: S101 - tokens come from `read`
        self._check_connected()
        if self._memory is not None and token >= self._read and not self._complete:
            last = self._memory.last
            self._memory.keep(
                epoch=self._epoch,
                phase="streaming",
                detail=_COMPLETE,
                resync=finished(last["resync"] if last else None),
            )
            self._complete = True
        self._system.confirmed = max(self._system.confirmed, token)

    def probe(self) -> list[Finding]:
        """See Source."""
        return [self._finding(table) for table in self._entities]

    def sample(self, entity: str, limit: int) -> list[Row]:
        """See Source."""
        tables = [table for table, entities in self._entities.items() if entity in entities]
        rows = [dict(row) for table in tables for row in self._system.tables[table].rows.values()]
        return rows[:limit]

    def close(self) -> None:
        """See Source."""
        self._connection = None

    def _finding(self, table: str) -> Finding:
        if table in self._system.tables:
            return Finding(table, "", "")
        return Finding(table, "there is no such table", f"correct `from: {table}` in the manifest")

    def _check_connected(self) -> None:
        if self._memory is not None:
            self._check_generation(self._memory.generation)
        if self._connection != self._system.connection:
            raise SourceUnavailable("reading a memory system: the connection is closed or was cut; open it again")

    def _check_generation(self, generation: int) -> None:
        if generation < self._system.generation:
            raise Fenced(f"reading a memory system as generation {generation}: another source has taken over")

    def _read_anew(self, memory: Memory) -> Changes:
        """All at once: nothing can come between. A start before it is confirmed begins with a whole snapshot."""
        asked = memory.asked()
        tables = [table for table in self._entities if any(concerns(request, [table]) for request in asked)]
        self._epoch += 1
        self._complete = False
        memory.keep(epoch=self._epoch, phase="streaming", resync=self._taken_up(memory))
        self._read = len(self._system.log)
        return Changes(list(self._snapshot(self._read, tables)), self._read)

    def _taken_up(self, memory: Memory) -> Resync | None:
        last = memory.last
        return taken_up(last["resync"] if last else None, memory.asked())

    def _snapshot(self, commit: int, tables: Iterable[str]) -> Iterator[Change]:
        now = time.time_ns() // 1000
        for name in tables:
            table = self._system.tables[name]
            listed: list[tuple[Operation, str, Row | None]] = [
                ("snapshot_begin", "", None),
                *(("read", key, row) for key, row in table.rows.items()),
                ("snapshot_end", "", None),
            ]
            for ordinal, (operation, key, row) in enumerate(listed):
                logged = Logged(operation, name, key, None, None, row, now)
                yield from self._changes(logged, commit, ordinal)

    def _streamed(self, place: int) -> Iterator[Change]:
        return self._changes(self._system.log[place], place + 1, 1)

    def _changes(self, logged: Logged, commit: int, ordinal: int) -> Iterator[Change]:
        for entity in self._entities.get(logged.table, ()):
            event: ChangeEvent = {
                "operation": logged.operation,
                "system": self._name,
                "resource": logged.table,
                "row": logged.row,
                "previous_row": logged.previous_row,
                "new_key": None,
                "epoch": self._epoch,
                "commit": commit,
                "ordinal": ordinal,
                "edit": 0,
                "transaction": commit,
                "source_time": logged.time,
                "captured_time": time.time_ns() // 1000,
                "before": logged.before,
                "after": logged.after,
            }
            yield Change(entity, event, self._shapes[logged.table])
