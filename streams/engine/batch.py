"""What an agent gets: contiguous records of one partition, their state, and a place for what they cause."""

from collections.abc import Sequence
from enum import Enum
from types import TracebackType
from typing import Protocol

from streams.engine.assignment import Assignment
from streams.engine.errors import BatchClosedError
from streams.engine.overlay import BatchState
from streams.engine.partitions import Partition, Piece
from streams.engine.records import Headers, Output, Record


class Stage(Enum):
    """Where a batch is on its way; it only moves forward."""

    HANDED_OUT = "handed out"
    STARTED = "started"
    LEFT = "left"
    OVER = "over"


class BatchOwner(Protocol):
    """Who hands out batches and hears what became of them. Called on the event loop."""

    def enter(self, batch: "Batch") -> bool:
        """Whether the batch still counts; a batch that does not is emptied."""

    def progress(self, batch: "Batch") -> None:
        """The body is still at work."""

    async def commit(self, batch: "Batch") -> None:
        """The body went well: return when the transaction has committed, or when the batch no longer counts."""

    def fail(self, batch: "Batch", error: BaseException) -> None:
        """The body raised: nothing of it counts and the same records come again."""


class Batch:
    """Use it once, inside ``async with``, for everything that its records cause::

        async for batch in batches:
            async with batch:
                for record in batch.records:
                    batch.state.put(record.key, record.value)
                    batch.send("out", record.key, record.value)

    Leaving waits until outputs, state and offsets are committed in one transaction. An exception inside is logged and
    goes no further: outputs and state are dropped and the same records come again, and nothing overtakes them. The body
    may therefore run several times for one record, and must cause nothing that the batch does not hold.
    A batch whose partition was taken away before it was entered comes with no records.
    """

    __slots__ = (
        "_owner",
        "assignment",
        "attempt",
        "changelog_next",
        "home",
        "is_committed",
        "outbox",
        "piece",
        "records",
        "stage",
        "state",
    )

    def __init__(self, piece: Piece, *, home: Partition, assignment: Assignment, owner: BatchOwner) -> None:
        self.piece = piece
        self.home = home
        self.assignment = assignment
        self._owner = owner
        #: Emptied when the batch does not count any more.
        self.records: Sequence[Record] = piece.records
        self.state = BatchState(home.state)
        #: 1 for the first time that these records are handed out.
        self.attempt = piece.failures + piece.outages + 1
        self.outbox: list[Output] = []
        self.stage = Stage.HANDED_OUT
        #: Whether its transaction committed: known when the batch has been left.
        self.is_committed = False
        #: The changelog offset after this batch's last record there; set by the delivery report.
        self.changelog_next: int | None = None

    @property
    def topic(self) -> str:
        """The source topic of all its records."""
        return self.piece.topic

    @property
    def partition(self) -> int:
        """The partition number of its records and of its state."""
        return self.home.number

    @property
    def next_offset(self) -> int:
        """What is committed when the batch is."""
        return self.piece.records[-1].offset + 1

    @property
    def counts(self) -> bool:
        """Whether its partition is still owned under the same generation."""
        return self.assignment.is_current

    def send(
        self,
        topic: str,
        key: bytes | None,
        value: bytes | None,
        *,
        partition: int | None = None,
        headers: Headers | None = None,
    ) -> None:
        """Add a record to what the batch's transaction writes. ``partition`` None: the home of the key."""
        if self.stage is not Stage.STARTED:
            raise BatchClosedError(f"sending to {topic} from a batch that is not open: send inside `async with batch`")
        self.outbox.append(Output(topic, key, value, partition, headers))

    def progress(self) -> None:
        """Tell the watchdog that a long body is still at work; without it silence ends the process."""
        self._owner.progress(self)

    def close(self) -> None:
        """It is over, whatever became of it."""
        self.stage = Stage.OVER
        self.state.close()

    def discard(self) -> None:
        """It does not count: let a body that enters it do nothing."""
        self.records = ()
        self.close()

    async def __aenter__(self) -> "Batch":
        if self.stage is not Stage.HANDED_OUT:
            if self.records:
                raise BatchClosedError(
                    "entering a batch twice: give each channel one agent, each batch one `async with`"
                )
        elif not self._owner.enter(self):
            self.discard()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        if self.stage is Stage.STARTED:
            if error is None:
                await self._owner.commit(self)
                return False
            self._owner.fail(self, error)
        # A cancelled agent must end; any other error would cost seconds in Faust's supervisor and lose nothing here.
        return isinstance(error, Exception)
