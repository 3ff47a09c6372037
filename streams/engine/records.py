"""What goes through the engine: records read, records to be written."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

Headers = list[tuple[str, bytes]]


@dataclass(slots=True)
class Record:
    """One record of a source topic. ``timestamp`` is milliseconds since 1970; a tombstone's value is None."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    timestamp: int = 0
    #: Headers are decoded when somebody asks for them: on the hot path nobody does.
    read_headers: Callable[[], Headers | None] | None = None

    @property
    def headers(self) -> Headers:
        """The headers in their order; empty when there are none."""
        return (self.read_headers() if self.read_headers else None) or []

    @property
    def size(self) -> int:
        """Bytes of key and value."""
        return len(self.key or b"") + len(self.value or b"")


class Output(NamedTuple):
    """One record that a batch sends. ``partition`` None leaves the choice to the key."""

    topic: str
    key: bytes | None
    value: bytes | None
    partition: int | None = None
    headers: Headers | None = None
