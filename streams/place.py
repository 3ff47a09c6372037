"""The states of one partition, decoded, as one batch sees them."""

from collections.abc import Iterator
from typing import Final

from schemas.records import EntityState
from streams.deduplicate import Floor
from streams.emit import Batch
from streams.floors import FLOOR_PREFIX, floor_in, floor_key
from streams.merge import unknown
from streams.revision import REVISION_KEY, Worked, revision_record, worked_in
from streams.wire import Wire

#: Holds the highest version of a grave that was closed in the partition. No entity key is this.
CLOSED_KEY: Final = "closed@"
#: Records of the state that are of no entity.
_OWN_RECORDS = (FLOOR_PREFIX.encode(), REVISION_KEY.encode(), CLOSED_KEY.encode())


class Place:
    """Made for each batch: it remembers the floors that it has read, and only this batch can raise them."""

    def __init__(self, batch: Batch, wire: Wire) -> None:
        self.partition = batch.partition
        self._state = batch.state
        self._wire = wire
        self._floors: dict[tuple[str, str], Floor] = {}
        self._worked: Worked | None = None
        self._closed: int | None = None

    def state(self, key: bytes) -> EntityState:
        """What is known of the key. The caller may change the object: every call decodes anew."""
        value = self._state.get(key)
        if value is not None:
            return self._wire.read_state(value)
        # It may be one whose grave was closed: its versions go on above that.
        return {**unknown(key.decode()), "version": self.closed}

    def floor(self, system: str, resource: str) -> Floor:
        """Below this every claim of the resource is void."""
        floor = self._floors.get((system, resource))
        if floor is None:
            value = self._state.get(floor_key(system, resource).encode())
            floor = floor_in(None if value is None else self._wire.read_state(value))
            self._floors[system, resource] = floor
        return floor

    def raised(self, system: str, resource: str, floor: Floor) -> None:
        """A marker has been applied."""
        self._floors[system, resource] = floor

    def after(self, key: bytes | None) -> Iterator[tuple[bytes, bytes]]:
        """Every entity's state behind this key, in the order of keys, as it is now; encoded, see `read`."""
        for found, value in self._state.scan(b"" if key is None else key + b"\0"):
            if not found.startswith(_OWN_RECORDS):
                yield found, value

    def read(self, value: bytes) -> EntityState:
        """An encoded state. The caller may change the object."""
        return self._wire.read_state(value)

    @property
    def worked(self) -> Worked:
        """By which catalogues the partition was worked."""
        if self._worked is None:
            value = self._state.get(REVISION_KEY.encode())
            self._worked = worked_in(None if value is None else self._wire.read_state(value))
        return self._worked

    def work_by(self, worked: Worked) -> None:
        """From now on, this is so."""
        self._state.put(REVISION_KEY.encode(), self._wire.write_state(revision_record(worked)))
        self._worked = worked

    @property
    def closed(self) -> int:
        """The highest version of a grave that was closed here."""
        if self._closed is None:
            value = self._state.get(CLOSED_KEY.encode())
            self._closed = 0 if value is None else self._wire.read_state(value)["version"]
        return self._closed

    def close_up_to(self, version: int) -> None:
        """From now on, no key begins below this version."""
        self._state.put(CLOSED_KEY.encode(), self._wire.write_state({**unknown(CLOSED_KEY), "version": version}))
        self._closed = version
