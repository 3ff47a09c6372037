"""The sink `memory`: a target inside this process, for tests. It keeps what every real target is asked to keep."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal, NamedTuple, TypeAlias

from pydantic import BaseModel, ConfigDict

from connectors.errors import Fenced, SinkUnavailable
from connectors.lateness import Moment, moment, sift
from connectors.values import Finding, Rejected, Stream, Write, Writes
from schemas.manifest import OWN, Manifest
from schemas.records import DeliveryOperation, Row
from schemas.settings import Settings

Key: TypeAlias = tuple[Any, ...]
Rows: TypeAlias = dict[Key, Row]


class Connect(BaseModel):
    """`connect:` of a system whose kind is `memory`."""

    model_config = ConfigDict(extra="ignore")

    #: Subscriptions whose key is `own` are possible.
    own_rows: ClassVar[bool] = True

    kind: Literal["memory"]
    #: Which target of this process.
    target: str = "default"


class Applied(NamedTuple):
    """One change that really changed something in a target."""

    operation: DeliveryOperation
    table: str
    key: Key


@dataclass(slots=True)
class Place:
    """The position of one stream."""

    topic_id: str
    next_offset: int = 0
    generation: int = 0


@dataclass(slots=True)
class MemoryTarget:
    """A target's whole content. Sinks write to it only in `commit`, all at once."""

    tables: dict[str, Rows] = field(default_factory=dict)
    history: list[Applied] = field(default_factory=list)
    places: dict[tuple[str, int], Place] = field(default_factory=dict)
    #: When each key of a table was left last, in its source's history.
    departed: dict[tuple[str, Key], Moment] = field(default_factory=dict)
    #: Keys of a table that renames have reached and whose owners have not answered yet.
    arrived: dict[str, dict[str, Moment]] = field(default_factory=dict)
    #: Most characters of a column, by name; longer values are refused.
    limits: dict[str, int] = field(default_factory=dict)
    #: One more each time that `sever` is called; a sink that was opened before finds itself cut off.
    connection: int = 0

    def sever(self) -> None:
        """Cut off every sink that is open."""
        self.connection += 1


_targets: dict[str, MemoryTarget] = {}


def target(name: str) -> MemoryTarget:
    """The target of this name in this process; made when it is first asked for."""
    return _targets.setdefault(name, MemoryTarget())


def sink(manifest: Manifest, settings: Settings) -> "MemorySink":
    """A sink that writes to `target(connect["target"])`."""
    return MemorySink(manifest, target(Connect.model_validate(manifest.connect).target))


class MemorySink:
    """See `connectors.contract.Sink`."""

    def __init__(self, manifest: Manifest, target: MemoryTarget) -> None:
        self._tables = {entity: subscription.into for entity, subscription in manifest.subscribes.items()}
        #: Tables whose rows are the system's own: none is added or deleted, and their numbers do not change.
        self._own = {entity for entity, subscription in manifest.subscribes.items() if subscription.key.kind == OWN}
        self._target = target
        self._connection: int | None = None
        self._generations: dict[Stream, int] = {}

    def open(self, streams: Sequence[Stream]) -> dict[Stream, int]:
        """See Sink."""
        self._connection = self._target.connection
        return {stream: self._take(stream) for stream in streams}

    def write(self, writes: Writes, reject: Callable[[Rejected], None]) -> None:
        """See Sink."""
        self._check_connected()
        place = self._place(writes)
        name = self._tables[writes.stream.entity]
        change = _Change(name, dict(self._target.tables.get(name, {})), [], dict(self._target.departed))
        kept, arrived = sift(writes.items, self._target.arrived.get(name, {}))
        for index, write in kept:
            refused = self._refused(write, index)
            if refused:
                reject(refused)
            elif writes.stream.entity in self._own:
                change.correct(write)
            else:
                change.apply(write)
        self._check_connected()
        self._place(writes)
        self._target.tables[name] = change.rows
        self._target.history += change.applied
        self._target.departed = change.departed
        self._target.arrived[name] = arrived
        place.next_offset = writes.next_offset

    def probe(self) -> list[Finding]:
        """See Sink."""
        return [Finding(table, "", "") for table in self._tables.values()]

    def close(self) -> None:
        """See Sink."""
        self._connection = None

    def _take(self, stream: Stream) -> int:
        place = self._target.places.setdefault((stream.topic, stream.partition), Place(stream.topic_id))
        held = self._generations.get(stream)
        if held is None:
            if place.topic_id != stream.topic_id:
                place.topic_id, place.next_offset = stream.topic_id, 0
            place.generation += 1
            self._generations[stream] = place.generation
        elif (place.topic_id, place.generation) != (stream.topic_id, held):
            raise Fenced(f"going on with {stream.topic} as generation {held}: another sink has taken over")
        return place.next_offset

    def _place(self, writes: Writes) -> Place:
        stream, generation = writes.stream, self._generations.get(writes.stream)
        place = self._target.places.get((stream.topic, stream.partition))
        if generation is None or place is None:
            raise SinkUnavailable(f"writing {stream.topic}: the sink is not open for it; open it")
        if place != Place(stream.topic_id, writes.expected, generation):
            raise Fenced(f"writing {stream.topic} from offset {writes.expected}: another sink has taken over")
        return place

    def _check_connected(self) -> None:
        if self._connection != self._target.connection:
            raise SinkUnavailable("writing to a memory target: the connection is closed or was cut; open it again")

    def _refused(self, write: Write, place: int) -> Rejected | None:
        for column, limit in self._target.limits.items():
            value = write.values.get(column)
            if isinstance(value, str) and len(value) > limit:
                return Rejected(place, "value_too_long", f"column {column} holds at most {limit} characters", column)
        return None


@dataclass(slots=True)
class _Change:
    """One table on its way to its next state."""

    table: str
    rows: Rows
    applied: list[Applied]
    departed: dict[tuple[str, Key], Moment]

    def apply(self, write: Write) -> None:
        key = tuple(write.key.values())
        left = moment(write)
        if write.operation == "upsert":
            self._upsert(key, {**write.values, **write.key})
        elif key in self.rows and write.operation == "delete":
            del self.rows[key]
            self.applied.append(Applied("delete", self.table, key))
        elif key in self.rows and write.moved_to:
            self._rename(key, write.moved_to, left)
        if write.operation != "upsert":
            self._note(key, left)

    def correct(self, write: Write) -> None:
        """A row of the system's own, where it is still there."""
        key = tuple(write.key.values())
        if write.operation == "upsert" and key in self.rows:
            self._upsert(key, write.values)

    def _upsert(self, key: Key, row: Row) -> None:
        held = self.rows.get(key, {})
        if not held or {**held, **row} != held:
            self.rows[key] = {**held, **row}
            self.applied.append(Applied("upsert", self.table, key))

    def _rename(self, key: Key, moved_to: Row, left: Moment) -> None:
        new = tuple(moved_to.values())
        if new == key:
            return
        row = self.rows.pop(key)
        gone = self.departed.get((self.table, new))
        is_late = gone is not None and (gone.source != left.source or left.is_before(gone))
        if not is_late:
            self.rows.setdefault(new, {**row, **moved_to})
        self.applied.append(Applied("delete" if is_late else "rename", self.table, key))

    def _note(self, key: Key, left: Moment) -> None:
        known = self.departed.get((self.table, key))
        if known is None or not left.is_before(known):
            self.departed[self.table, key] = left
