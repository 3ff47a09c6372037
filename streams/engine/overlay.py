"""The state as one batch sees it: what is committed, and over it what the batch itself has put."""

from collections.abc import Iterator

from streams.engine.errors import BatchClosedError, StateError
from streams.engine.state import PartitionState


class BatchState:
    """Given to a batch as ``batch.state``. Nothing is written before the batch's transaction has committed."""

    __slots__ = ("_changes", "_committed")

    def __init__(self, committed: PartitionState | None) -> None:
        self._committed = committed
        self._changes: dict[bytes, bytes | None] = {}

    @property
    def changes(self) -> dict[bytes, bytes | None]:
        """What was put, the last value of each key; None deletes."""
        return self._changes

    def get(self, key: bytes) -> bytes | None:
        """The value of a key, or None."""
        try:
            return self._changes[key]
        except KeyError:
            return self._open().get(key)

    def put(self, key: bytes, value: bytes | None) -> None:
        """Set a key, or delete it with None. Only the last value that a batch gives a key reaches the changelog."""
        if not key:
            raise StateError("putting a value into the state: the key is empty; every entry needs a key")
        self._open()
        self._changes[key] = value

    def scan(self, start: bytes = b"") -> Iterator[tuple[bytes, bytes]]:
        """All pairs from ``start`` on, in the order of their keys, as they are at the first step.

        The batch may put while it scans; a scan that has begun does not see it.
        """
        changes = dict(self._changes)
        added = iter(sorted((key, value) for key, value in changes.items() if value is not None and key >= start))
        pending = next(added, None)
        for key, value in self._open().items(start):
            while pending is not None and pending[0] < key:
                yield pending
                pending = next(added, None)
            if key not in changes:
                yield key, value
        while pending is not None:
            yield pending
            pending = next(added, None)

    def close(self) -> None:
        """The batch is over: further use raises BatchClosedError. The changes stay readable."""
        self._committed = None

    def _open(self) -> PartitionState:
        if self._committed is None:
            raise BatchClosedError("using the state of a batch that is not open: use it inside `async with batch`")
        return self._committed
