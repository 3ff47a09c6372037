"""One partition number: its queues, its state and the one batch of it that may be under way."""

import time
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from streams.engine.records import Record

if TYPE_CHECKING:
    from streams.engine.batch import Batch
    from streams.engine.state import PartitionState


@dataclass(slots=True)
class Piece:
    """Contiguous records of one topic that are handed out together, and how often that failed."""

    records: list[Record]
    #: Failures on data or code, and on infrastructure; they are counted apart.
    failures: int = 0
    outages: int = 0
    #: Whether it is a part of a batch that was halved to find the record that fails.
    is_suspect: bool = False
    #: Set when ``on_poison`` is to deal with its only record: the error that it failed with.
    poison: BaseException | None = None

    @property
    def topic(self) -> str:
        """The topic of all its records."""
        return self.records[0].topic


class SourceQueue:
    """Records of one source partition. The consumer's thread appends, the event loop takes."""

    def __init__(self) -> None:
        self._records: deque[Record] = deque()
        # Each counter has one writing thread; their difference is what is queued.
        self._bytes_in = 0
        self._bytes_out = 0

    def __len__(self) -> int:
        return len(self._records)

    @property
    def size(self) -> int:
        """Bytes that are queued."""
        return self._bytes_in - self._bytes_out

    def append(self, records: Iterable[Record]) -> None:
        """On the consumer's thread alone."""
        for record in records:
            self._bytes_in += record.size
            self._records.append(record)

    def take(self, *, records: int, size: int) -> list[Record]:
        """At most so many records and, unless the first alone is larger, so many bytes. On the loop alone."""
        taken: list[Record] = []
        room = size
        while self._records and len(taken) < records:
            room -= self._records[0].size
            if taken and room < 0:
                break
            record = self._records.popleft()
            self._bytes_out += record.size
            taken.append(record)
        return taken


@dataclass(slots=True, eq=False)
class Partition:
    """All that belongs to one partition number of every source topic. Used on the event loop, queues excepted."""

    number: int
    #: None until the state is restored; then records are fetched and handed out.
    state: "PartitionState | None" = None
    #: Id of the changelog topic that the state follows.
    changelog_id: str = ""
    #: Replaced, never changed in place: the consumer's thread looks queues up.
    queues: Mapping[str, SourceQueue] = field(default_factory=dict)
    #: Which of the topics is asked first, so that they take turns.
    turn: int = 0
    #: What comes before the queues: batches that failed, or their parts.
    returned: deque[Piece] = field(default_factory=deque)
    #: The lock: one batch of this number at a time, whatever its topic.
    in_flight: "Batch | None" = None
    #: Monotonic time before which nothing is handed out, after a failure.
    not_before: float = 0.0
    #: Next offset of each topic that is committed, as far as this worker knows.
    committed: dict[str, int] = field(default_factory=dict)

    def next_piece(self, *, records: int, size: int) -> Piece | None:
        """What is to be handed out now: what failed first, then the topics in turn. None when there is nothing."""
        if self.state is None or self.in_flight is not None or time.monotonic() < self.not_before:
            return None
        if self.returned:
            return self.returned.popleft()
        topics = list(self.queues)
        for step in range(len(topics)):
            place = (self.turn + step) % len(topics)
            if taken := self.queues[topics[place]].take(records=records, size=size):
                self.turn = place + 1
                return Piece(taken)
        return None

    def has_work(self, topic: str) -> bool:
        """Whether records of the topic are queued, under way or to be tried again."""
        queue = self.queues.get(topic)
        under_way = self.in_flight is not None and self.in_flight.topic == topic
        return bool(queue) or under_way or any(piece.topic == topic for piece in self.returned)

    def replace_queues(self, *, removed: set[str], added: Iterable[str]) -> None:
        """Take topics out, with all that waits of them, and others in."""
        kept = {topic: queue for topic, queue in self.queues.items() if topic not in removed}
        self.queues = kept | {topic: SourceQueue() for topic in added}
        self.returned = deque(piece for piece in self.returned if piece.topic not in removed)

    def give_back(self, pieces: Iterable[Piece], *, delay: float) -> None:
        """The pieces come next, in this order, before anything else and not before ``delay`` seconds."""
        self.returned.extendleft(reversed(list(pieces)))
        self.not_before = time.monotonic() + delay
