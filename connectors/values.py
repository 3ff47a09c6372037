"""The values that pass between a source or sink and its loop."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, TypeAlias

from schemas.records import ChangeEvent, DeliveryOperation, Row


class Change(NamedTuple):
    """One captured change. `shape` is the Avro record schema of its rows: the same object while it does not change."""

    entity: str
    event: ChangeEvent
    shape: dict[str, Any]


class Changes(NamedTuple):
    """Changes in source order, and the token to confirm once Kafka has acknowledged them all. May be empty."""

    items: list[Change]
    token: object


class Stream(NamedTuple):
    """One partition that a sink is fed from; the id tells a recreated topic from the one it knew."""

    entity: str
    topic: str
    partition: int
    topic_id: str


class Write(NamedTuple):
    """One delivery in the target's own terms.

    `key` and `values` by column; `moved_to` is the new key of a rename, else None; `values` is empty in delete and
    rename. `event_id` names the change that it stems from, `source_time` when that was (microseconds since 1970, 0
    where it is not known), `revision` the catalogue by which it was made.
    """

    operation: DeliveryOperation
    key: Row
    values: Row
    moved_to: Row | None
    version: int
    offset: int
    event_id: str
    source_time: int = 0
    revision: int = 0


@dataclass(frozen=True, slots=True)
class Writes:
    """Contiguous deliveries of one stream: written together with the position `next_offset`, or not at all.

    `expected` is the position that the target must hold now; anything else means that another sink has taken over.
    """

    stream: Stream
    expected: int
    next_offset: int
    items: Sequence[Write]


class Rejected(NamedTuple):
    """A write that the target refuses for good. `place` in `Writes.items`; the message never holds a value."""

    place: int
    reason: str
    message: str
    column: str | None = None


class Expected(NamedTuple):
    """What a target is to hold under a key: the columns in the order of the subscription's `fields`; None: no row."""

    key: str
    row: Sequence[str | None] | None


class Cell(NamedTuple):
    """A column that shows something else than it should, as text. Both may be personal: for screens alone."""

    column: str
    expected: str | None
    held: str | None


DifferenceKind: TypeAlias = Literal["missing", "extra", "different"]


class Difference(NamedTuple):
    """A row that is not as expected. `cells`: which of its columns, where it is `different`."""

    key: str
    kind: DifferenceKind
    cells: tuple[Cell, ...] = ()


class Finding(NamedTuple):
    """One result of a probe. `remedy`: the GRANT or ALTER to run, say; `problem` is empty when all is well."""

    subject: str
    problem: str
    remedy: str
