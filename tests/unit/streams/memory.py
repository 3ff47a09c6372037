"""Kafka's part in memory: topics, one state a partition, a registry. What a step sends is there at once, in order."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from zlib import crc32

from schemas import compose
from schemas.codec import codec_for
from schemas.registry import HEAD, head_of
from streams.cloudevents import Headers
from streams.engine.records import Record


class MemoryRegistry:
    """Ids in the order of registration; the same schema has one id under every subject."""

    def __init__(self) -> None:
        self._schemas: list[dict[str, Any]] = []

    def register(self, subject: str, schema: Any) -> int:
        assert subject.endswith("-value")
        if schema not in self._schemas:
            self._schemas.append(schema)
        return self._schemas.index(schema) + 1

    def schema(self, schema_id: int) -> dict[str, Any] | None:
        return self._schemas[schema_id - 1] if 0 < schema_id <= len(self._schemas) else None


class MemoryState:
    def __init__(self) -> None:
        self.entries: dict[bytes, bytes] = {}

    def get(self, key: bytes) -> bytes | None:
        return self.entries.get(key)

    def put(self, key: bytes, value: bytes | None) -> None:
        if value is None:
            self.entries.pop(key, None)
        else:
            self.entries[key] = value

    def scan(self, start: bytes = b"") -> Iterator[tuple[bytes, bytes]]:
        yield from sorted((key, value) for key, value in self.entries.items() if key >= start)


@dataclass
class MemoryBatch:
    """What the pipeline takes for a batch of the engine."""

    topic: str
    partition: int
    records: Sequence[Record]
    state: MemoryState
    kafka: "MemoryKafka"

    def send(
        self,
        topic: str,
        key: bytes | None,
        value: bytes | None,
        *,
        partition: int | None = None,
        headers: Headers | None = None,
    ) -> None:
        self.kafka.append(topic, key, value, partition=partition, headers=headers)


@dataclass
class MemoryKafka:
    """Topics whose name begins with `to.`, and the shared ones, have one partition; the others `partitions`."""

    partitions: int = 1
    logs: dict[tuple[str, int], list[Record]] = field(default_factory=lambda: defaultdict(list))
    states: dict[int, MemoryState] = field(default_factory=lambda: defaultdict(MemoryState))

    def home(self, key: bytes) -> int:
        return crc32(key) % self.partitions

    def append(
        self,
        topic: str,
        key: bytes | None,
        value: bytes | None,
        *,
        partition: int | None = None,
        headers: Headers | None = None,
    ) -> None:
        if partition is None:
            partition = self.home(key or b"") if topic.startswith(("raw.", "identify.")) else 0
        log = self.logs[topic, partition]
        log.append(Record(topic, partition, len(log), key, value, 0, lambda: headers))

    def batch(self, topic: str, partition: int, start: int, size: int) -> MemoryBatch:
        records = self.logs[topic, partition][start : start + size]
        return MemoryBatch(topic, partition, records, self.states[partition], self)

    def read(self, topic: str, registry: MemoryRegistry, partition: int = 0) -> list[Any]:
        """Every value of a partition, decoded as it was written."""
        return [decoded(record.value, registry) for record in self.logs[topic, partition]]


def decoded(value: bytes | None, registry: MemoryRegistry) -> Any:
    assert value is not None
    return _decoder(value[:HEAD], registry)(value, HEAD)


@cache
def _decoder(head: bytes, registry: MemoryRegistry) -> Callable[..., Any]:
    schema = registry.schema(int.from_bytes(head[1:], "big"))
    assert schema is not None
    return codec_for(schema).decode


def row_schema(system: str, columns: Sequence[str]) -> dict[str, Any]:
    """The shape of a source row whose columns are all text."""
    fields = [{"name": name, "type": ["null", "string"], "default": None} for name in columns]
    return {"type": "record", "name": "Row", "namespace": f"lienthong.raw.{system}.rows", "fields": fields}


class RawWriter:
    """Writes change events of one source structure as its connector would."""

    def __init__(self, registry: MemoryRegistry, system: str, columns: Sequence[str]) -> None:
        schema = compose.for_row(row_schema(system, columns))
        self._head = head_of(registry.register(f"raw.{system}.person-value", schema))
        self._encode = codec_for(schema).encode

    def __call__(self, event: Any) -> bytes:
        return self._head + self._encode(event)
