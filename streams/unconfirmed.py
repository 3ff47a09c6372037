"""What a system was sent and may still show: by row and field, digests of values, oldest first.

In `Route.unconfirmed` each is 15 bytes: 4 of the row (zeros: of whichever row the delivery makes), 2 of the field's
place in the schema, 1 of marks, 8 of the value. `Route.texts` has the texts among them, where the system may cut them
off: that an unknown text is the beginning of one of these cannot be told from digests.
"""

from collections.abc import Iterable
from functools import lru_cache
from hashlib import blake2b
from struct import Struct
from typing import Any, Final, NamedTuple

from schemas.records import Route

#: The row shows this value now, while its word is another and something newer is on its way to it. Only of the first.
SEEN: Final = 1
#: The system says this value itself: that it comes back to it takes nothing from its word.
SAID: Final = 2
#: The system was sent this again because it showed something else.
ANSWERED: Final = 4
#: The row that a delivery makes where the system has none.
ANY_ROW: Final = 0
#: Of one field of one row, so many are remembered.
MOST: Final = 8

_ENTRY: Final = Struct(">IHB8s")


class Awaited(NamedTuple):
    """One value that was sent."""

    marks: int
    digest: bytes


class Unconfirmed:
    """Of one system, for one record. Queues are replaced, never changed in place."""

    def __init__(self, entries: Iterable[bytes], texts: Iterable[str] = ()) -> None:
        self._texts = list(texts)
        self._queues: dict[tuple[int, int], list[Awaited]] = {}
        for entry in entries:
            row, field, marks, digest = _ENTRY.unpack(entry)
            self._queues.setdefault((row, field), []).append(Awaited(marks, digest))

    @classmethod
    def of_route(cls, route: Route | None) -> "Unconfirmed":
        """What was noted there."""
        return cls(route["unconfirmed"], route["texts"]) if route is not None else cls(())

    def of(self, row: int, field: int) -> list[Awaited]:
        """Oldest first; the first may be SEEN, all others are on their way."""
        return self._queues.get((row, field), [])

    def put(self, row: int, field: int, queue: list[Awaited]) -> None:
        """From now on. Of more than MOST the oldest on their way are forgotten."""
        if len(queue) > MOST:
            first = queue[:1] if queue[0].marks & SEEN else []
            queue = [*first, *queue[len(first) - MOST :]]
        if queue:
            self._queues[row, field] = queue
        else:
            self._queues.pop((row, field), None)

    def rename(self, old: int, new: int) -> None:
        """What one row was to show, another shows: it has got its name, or changed it."""
        for row, field in list(self._queues):
            if row == old:
                self._queues[new, field] = [*self._queues.pop((old, field)), *self.of(new, field)]

    def knows(self, row: int) -> bool:
        """Whether anything is awaited of the row."""
        return any(place[0] == row for place in self._queues)

    def drop(self, row: int) -> None:
        """The row is gone."""
        self._queues = {place: queue for place, queue in self._queues.items() if place[0] != row}

    def remember(self, value: Any) -> None:
        """What is sent may come back without its end, if it is a text."""
        if isinstance(value, str) and value not in self._texts:
            self._texts.append(value)

    def whole(self, beginning: Any, queue: list[Awaited]) -> bytes | None:
        """The digest of the newest text in the queue that begins with this one, and goes on."""
        if not beginning or not isinstance(beginning, str):
            return None
        known = {digest(text) for text in self._texts if text.startswith(beginning) and text != beginning}
        return next((each.digest for each in reversed(queue) if each.digest in known), None)

    def texts(self) -> list[str]:
        """For the state: of what is still awaited."""
        if not self._texts:
            return self._texts
        awaited = {each.digest for queue in self._queues.values() for each in queue}
        return [text for text in self._texts if digest(text) in awaited]

    def dumped(self) -> list[bytes]:
        """For the state."""
        return [
            _ENTRY.pack(row, field, awaited.marks, awaited.digest)
            for (row, field), queue in self._queues.items()
            for awaited in queue
        ]


@lru_cache(maxsize=1024)
def row_tag(resource: str, row: str) -> int:
    """What stands for a row; never ANY_ROW."""
    return int.from_bytes(blake2b(f"{resource}\0{row}".encode(), digest_size=4).digest()) or 1


@lru_cache(maxsize=1024, typed=True)
def digest(value: Any) -> bytes:
    """Of one canonical value; that there is none has a digest, too. One record asks for the same several times."""
    text = b"" if value is None else f"{type(value).__name__}:{value}".encode()
    return blake2b(text, digest_size=8).digest()


def shown(queue: list[Awaited], word: bytes | None) -> bytes | None:
    """What the row shows in a field whose last word is `word`; None where nothing is known of the row."""
    return queue[0].digest if queue and queue[0].marks & SEEN else word


def under_way(queue: list[Awaited]) -> list[Awaited]:
    """What the row is still to show."""
    return queue[1:] if queue and queue[0].marks & SEEN else queue
