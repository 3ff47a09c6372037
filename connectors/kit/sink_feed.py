"""Feeds a sink as `run_sink` does, from positions of its own counting."""

from collections.abc import Callable, Sequence

from connectors.contract import Sink
from connectors.kit.sink_target import COLUMNS, ENTITY, KEY
from connectors.values import Rejected, Stream, Write, Writes
from schemas.records import Row

STREAM = Stream(entity=ENTITY, topic="to.kit.person", partition=0, topic_id="Zm9vYmFyAAAAAAAAAAAAAA")


def upsert(key: str, at: int = 0, **values: str | None) -> Write:
    """The whole state of one key; columns that are not named are None. `at`: since when, in its source's history."""
    return Write("upsert", {KEY: key}, {column: values.get(column) for column in COLUMNS}, None, 1, 0, _event(at))


def delete(key: str, *, at: int = 0) -> Write:
    """The end of one key. `at`: when it ended in its source's history."""
    return Write("delete", {KEY: key}, {}, None, 1, 0, _event(at))


def rename(key: str, moved_to: str, *, at: int = 0) -> Write:
    """What was held under `key` is now to be held under `moved_to`. `at`: when, in its source's history."""
    return Write("rename", {KEY: key}, {}, {KEY: moved_to}, 1, 0, _event(at))


def _event(at: int) -> str:
    return f"kit/people/1/{at:x}/1"


class Feed:
    """One stream of one sink, opened. `rejected` holds what the sink refused, `position` where it stands."""

    def __init__(self, sink: Sink, stream: Stream = STREAM) -> None:
        self.sink = sink
        self.stream = stream
        self.rejected: list[Rejected] = []
        self.position = -1
        self.open()

    def open(self) -> int:
        """Open the sink, again or for the first time, and go on where it says."""
        self.position = self.sink.open([self.stream])[self.stream]
        return self.position

    def write(self, *items: Write, reject: Callable[[Rejected], None] | None = None) -> None:
        """One batch at the present position, which moves on when the sink has written it."""
        writes = self.writes(items)
        self.sink.write(writes, reject or self.rejected.append)
        self.position = writes.next_offset

    def writes(self, items: Sequence[Write]) -> Writes:
        """The batch, not yet written."""
        numbered = [item._replace(offset=self.position + place) for place, item in enumerate(items)]
        return Writes(self.stream, self.position, self.position + len(items), numbered)


def expected(rows: dict[str, Row], items: Sequence[Write]) -> dict[str, Row]:
    """`rows` after `items`, one after the other, as the contract says; the model that a sink is held against."""
    rows = dict(rows)
    for item in items:
        key = item.key[KEY]
        if item.operation == "upsert":
            rows[key] = {**item.values, **item.key}
        elif item.operation == "delete":
            rows.pop(key, None)
        elif key in rows and item.moved_to:
            old = rows.pop(key)
            rows.setdefault(item.moved_to[KEY], {**old, **item.moved_to})
    return rows
