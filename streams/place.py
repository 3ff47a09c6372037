"""The states of one partition, decoded, as one batch sees them."""

from schemas.records import EntityState
from streams.deduplicate import Floor
from streams.emit import Batch
from streams.merge import unknown
from streams.retract import FLOOR_PREFIX, floor_in, floor_key
from streams.wire import Wire

_FLOOR_PREFIX = FLOOR_PREFIX.encode()


class Place:
    """Made for each batch: it remembers the floors that it has read, and only this batch can raise them."""

    def __init__(self, batch: Batch, wire: Wire) -> None:
        self._state = batch.state
        self._wire = wire
        self._floors: dict[tuple[str, str], Floor] = {}

    def state(self, key: bytes) -> EntityState:
        """What is known of the key. The caller may change the object: every call decodes anew."""
        value = self._state.get(key)
        return unknown(key.decode()) if value is None else self._wire.read_state(value)

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

    def mentioning(self, resource: str) -> list[EntityState]:
        """Every state that may hold a claim of the resource; a scan of the whole partition."""
        # Most of the others are told by their bytes, which is ten times as fast as decoding them.
        needle = resource.encode()
        return [
            self._wire.read_state(value)
            for key, value in self._state.scan()
            if needle in value and not key.startswith(_FLOOR_PREFIX)
        ]
