"""A rehearsal: what records would cause, through the real steps, on a copy of the states. Nothing is written."""

from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple, TypeAlias

from schemas import compose, topics
from schemas.catalogue import Catalogue
from schemas.records import DeadLetter
from schemas.registry import Decoder, Schemas
from schemas.sealing import Seal
from streams.bury import Undertaker
from streams.cloudevents import Headers
from streams.difference import Change, Differences
from streams.engine.records import Record
from streams.errors import StreamsError
from streams.pipeline import Pipeline
from streams.rules import compile_rules
from streams.wire import Wire
from streams.worker import Worker

#: (partition, key) -> the state as it stands in Kafka; None where there is none.
States: TypeAlias = Callable[[int, bytes], bytes | None]
#: From a key to the partition of the entity's topics where it is at home.
Home: TypeAlias = Callable[[bytes], int]

#: Ids of schemas that only this rehearsal knows begin here; no registry counts so far.
_OWN_IDS: Final = 0xF000_0000


class Unrehearsable(StreamsError):  # noqa: N818 - reads as what happened
    """What concerns a whole partition; only records of single rows are rehearsed."""


class Played(NamedTuple):
    """What one record, and all that it leads to, comes to. `letters`: dead letters that it would become again.

    `superseded`: something later is known of its row, so that it changes nothing.
    """

    letters: list[DeadLetter]
    superseded: bool


class Rehearsal:
    """One entity's worker before no audience. Records that are played after each other meet each other's effects."""

    def __init__(  # noqa: PLR0913 - made in one place
        self,
        entity: str,
        catalogue: Catalogue,
        registry: Schemas,
        *,
        states: States,
        home: Home,
        passing: tuple[type[Exception], ...] = (),
    ) -> None:
        """`passing`: errors of `states` and of the registry, which is only asked for what others have registered."""
        schemas = _OwnSchemas(registry)
        wire = Wire(entity, schemas, catalogue.subscribers(entity))
        rules = compile_rules(catalogue, entity)
        # What would be buried is told, not kept: any key will do.
        undertaker = Undertaker(entity, wire, Seal(bytes(32)), catalogue.revision)
        self._worker = Worker(
            Pipeline(rules, wire), wire, undertaker, name="rehearsal", passing=(Unrehearsable, *passing)
        )
        self._read_letter = Decoder(schemas, compose.load("dead_letter")).decode
        self._forwards = topics.identify(entity)
        self._home = home
        self._states: dict[int, _Overlay] = {}
        self._base = states
        self._differences = Differences(rules.subscribers, wire.read_state, _delivery_reader(schemas, entity))

    def play(self, topic: str, key: bytes, value: bytes) -> Played:
        """One record of a raw topic, or a forward. Raises Unrehearsable, and errors of the infrastructure."""
        letters: list[DeadLetter] = []
        waiting, superseded = deque([Record(topic, self._home(key), -1, key, value)]), None
        while waiting:
            batch = self._batch(waiting.popleft())
            totals = self._worker.process(batch).totals()
            if superseded is None:
                superseded = any(result == "superseded" for result, _ in totals)
            for to, to_key, sent in batch.sent:
                if to == self._forwards:
                    waiting.append(Record(to, self._home(to_key), -1, to_key, sent))
                elif to == topics.DEAD_LETTERS:
                    letters.append(self._read_letter(sent))
                elif to != topics.OUTCOMES:
                    held = self._base(batch.partition, batch.records[0].key or b"")
                    self._differences.note(to, held, sent)
        return Played(letters, bool(superseded))

    def changes(self) -> list[Change]:
        """What all that was played would change at the subscribers, by system and key."""
        return self._differences.changes()

    def _batch(self, record: Record) -> "_Batch":
        partition = record.partition
        if partition not in self._states:
            self._states[partition] = _Overlay(partition, self._base)
        return _Batch(record.topic, partition, [record], self._states[partition])


@dataclass(slots=True)
class _Overlay:
    """The states of one partition, with what was played on top."""

    partition: int
    base: States
    written: dict[bytes, bytes | None] = field(default_factory=dict)

    def get(self, key: bytes) -> bytes | None:
        return self.written[key] if key in self.written else self.base(self.partition, key)

    def put(self, key: bytes, value: bytes | None) -> None:
        self.written[key] = value

    def scan(self, start: bytes = b"") -> Iterator[tuple[bytes, bytes]]:
        raise Unrehearsable(f"rehearsing a walk through partition {self.partition}: only single rows can be")


@dataclass(slots=True)
class _Batch:
    """One record as the worker takes it; what it sends is kept."""

    topic: str
    partition: int
    records: Sequence[Record]
    state: _Overlay
    sent: list[tuple[str, bytes, bytes]] = field(default_factory=list)

    def send(
        self,
        topic: str,
        key: bytes | None,
        value: bytes | None,
        *,
        partition: int | None = None,
        headers: Headers | None = None,
    ) -> None:
        self.sent.append((topic, key or b"", value or b""))


class _OwnSchemas:
    """A registry that takes whatever is registered for itself, and asks the real one for what others wrote."""

    def __init__(self, registry: Schemas) -> None:
        self._registry = registry
        self._own: dict[int, Any] = {}
        self._ids: dict[str, int] = defaultdict(lambda: _OWN_IDS + len(self._ids))

    def register(self, subject: str, schema: Any) -> int:
        self._own[self._ids[subject]] = schema
        return self._ids[subject]

    def schema(self, schema_id: int) -> dict[str, Any] | None:
        found: dict[str, Any] | None = self._own.get(schema_id)
        return found if found is not None else self._registry.schema(schema_id)


def _delivery_reader(schemas: Schemas, entity: str) -> Callable[[bytes], Any]:
    return Decoder(schemas, compose.for_entity("delivery", entity)).decode
