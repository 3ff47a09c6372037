"""From records of a delivery topic to writes in the target's terms."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, TypeVar

from confluent_kafka import Message

from connectors.values import Stream, Write, Writes
from schemas import compose
from schemas.codec import CodecError
from schemas.compatibility import IncompatibleSchema
from schemas.dead_letters import Reason
from schemas.manifest import Subscription
from schemas.mapping import MappingError, compile_out, key_out
from schemas.records import Delivery
from schemas.registry import Decoder, Registry

T = TypeVar("T")


class _Incomplete(Exception):  # noqa: N818 - says what is the matter
    """A delivery that lacks what its operation needs."""


class Arrived(NamedTuple):
    """What is reported about a record. Source time in microseconds since 1970; 0 where it could not be read."""

    offset: int
    event_id: str
    source_time: int
    value: bytes


class Failure(NamedTuple):
    """A record that can never be written, and why."""

    record: Arrived
    reason: Reason


@dataclass(slots=True)
class Batch:
    """Contiguous records of one stream. `records` stand beside `items`, one each."""

    stream: Stream
    expected: int
    next_offset: int
    items: list[Write] = field(default_factory=list)
    records: list[Arrived] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    #: Records whose key the target cannot hold.
    filtered: list[Arrived] = field(default_factory=list)
    #: Newest catalogue revision that a delivery was made by.
    revision: int = 0

    @property
    def writes(self) -> Writes:
        """What the sink is given."""
        return Writes(self.stream, self.expected, self.next_offset, self.items)


class Translator:
    """Bound to one subscription. Raises what the registry raises; a record at fault is a Failure, never an error."""

    def __init__(self, subscription: Subscription, entity: str, registry: Registry) -> None:
        self._decode: Callable[[bytes], Delivery] = Decoder(registry, compose.for_entity("delivery", entity)).decode
        self._map = compile_out(subscription, entity)
        self._key = key_out(subscription)

    def translate(self, stream: Stream, expected: int, messages: Sequence[Message]) -> Batch:
        """The batch of these records; tombstones, of graves that have been closed, say nothing."""
        batch = Batch(stream, expected, (messages[-1].offset() or 0) + 1)
        for message in messages:
            value = message.value()
            if isinstance(value, bytes):
                self._take(batch, message, value)
        return batch

    def _take(self, batch: Batch, message: Message, value: bytes) -> None:
        try:
            delivery = self._decode(value)
        except (CodecError, IncompatibleSchema) as error:
            batch.failures.append(Failure(_unread(message, value), Reason("undecodable", str(error))))
            return
        record = Arrived(message.offset() or 0, delivery["event_id"], delivery["source_time"], value)
        batch.revision = max(batch.revision, delivery["revision"])
        try:
            write = self._write(delivery, record.offset)
        except MappingError as error:
            batch.failures.append(Failure(record, Reason(error.reason, str(error), error.column)))
        except _Incomplete as error:
            batch.failures.append(Failure(record, Reason("incomplete_delivery", str(error))))
        except Exception as error:
            told = f"mapping a delivery failed with {type(error).__name__}, which it never should; report it"
            batch.failures.append(Failure(record, Reason("internal_error", told)))
        else:
            self._put(batch, write, record)

    def _put(self, batch: Batch, write: Write | None, record: Arrived) -> None:
        if write is None:
            batch.filtered.append(record)
            return
        batch.items.append(write)
        batch.records.append(record)

    def _write(self, delivery: Delivery, offset: int) -> Write | None:
        key = self._key(delivery["key"])
        if key is None:
            return None
        operation, values, moved_to = delivery["operation"], {}, None
        if operation == "upsert":
            values = self._map(_stated(delivery["fields"], "fields", delivery))
        elif operation == "rename":
            moved_to = self._key(_stated(delivery["moved_to"], "moved_to", delivery))
            # A key that the target cannot hold: there the record is out of scope.
            operation = "rename" if moved_to else "delete"
        version, event_id, source_time = delivery["version"], delivery["event_id"], delivery["source_time"]
        return Write(operation, key, values, moved_to, version, offset, event_id, source_time, delivery["revision"])


def _stated(value: T | None, name: str, delivery: Delivery) -> T:
    if value is None:
        raise _Incomplete(f"a delivery of operation {delivery['operation']} has no {name}; see who wrote it")
    return value


def _unread(message: Message, value: bytes) -> Arrived:
    offset = message.offset() or 0
    # What cannot be read has no event id of its own.
    return Arrived(offset, f"{message.topic()}/{message.partition()}/{offset}", 0, value)
