"""How far local state has followed its changelog."""

import json
import time
from dataclasses import dataclass, field
from typing import Final

from streams.engine.errors import StateError

#: What was written before there was a number is of the first format, too.
_FORMAT: Final = 1


@dataclass(slots=True, frozen=True)
class Checkpoint:
    """Written together with the state that it speaks of."""

    #: Id of the changelog topic: another topic of the same name has another id, and its offsets mean nothing here.
    topic_id: str
    #: The first changelog offset that the state does not hold yet.
    next_offset: int
    #: When the state was last known to be complete, in seconds since 1970.
    written: float = field(default_factory=time.time)

    def encode(self) -> bytes:
        """As stored."""
        return json.dumps([self.topic_id, self.next_offset, self.written, _FORMAT]).encode()

    @classmethod
    def decode(cls, stored: bytes) -> "Checkpoint":
        """The inverse of encode. Raises StateError when it is damaged, or in a format of another version."""
        try:
            topic_id, next_offset, written, *told = json.loads(stored)
            if told not in ([], [_FORMAT]):
                raise StateError("reading a state's checkpoint: another version wrote it; the state must be built anew")
            return cls(str(topic_id), int(next_offset), float(written))
        except (ValueError, TypeError) as error:
            raise StateError("reading a state's checkpoint: it is damaged; the state must be built anew") from error

    def is_usable(self, *, topic_id: str, low: int, high: int, max_age: float) -> bool:
        """Whether restoring may start here, when the changelog now has this id and holds offsets ``low``..``high``."""
        age = time.time() - self.written
        return self.topic_id == topic_id and low <= self.next_offset <= high and 0 <= age <= max_age
