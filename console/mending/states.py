"""The states of one entity as they stand in Kafka now, for a rehearsal."""

from collections.abc import Iterator

from console.partitioner import partition_of
from console.reading import BEGINNING, Reader
from schemas import topics


class KafkaStates:
    """Reads each partition through once, when something in it is asked for, and keeps it."""

    def __init__(self, reader: Reader, entity: str) -> None:
        self._reader = reader
        self._topic = topics.state(entity)
        self._partitions = reader.topics().get(self._topic, 0)
        self._known: dict[int, dict[bytes, bytes]] = {}

    def __call__(self, partition: int, key: bytes) -> bytes | None:
        """See `streams.rehearse.States`."""
        if partition not in self._known:
            self._known[partition] = self._read(partition)
        return self._known[partition].get(key)

    def home(self, key: bytes) -> int:
        """See `streams.rehearse.Home`."""
        return partition_of(key.decode(), partitions=self._partitions)

    def holding(self, needle: bytes) -> Iterator[bytes]:
        """Every state in whose bytes this stands; reads all partitions."""
        for partition in range(self._partitions):
            self(partition, b"")
            yield from (value for value in self._known[partition].values() if needle in value)

    def _read(self, partition: int) -> dict[bytes, bytes]:
        found: dict[bytes, bytes] = {}
        for record in self._reader.to_the_end({(self._topic, partition): BEGINNING}):
            if record.key is not None:
                if record.value is None:
                    found.pop(record.key, None)
                else:
                    found[record.key] = record.value
        return found
