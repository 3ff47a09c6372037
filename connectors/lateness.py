"""Deliveries that come late: said about a key before a rename brought a record there, but heard after it.

The owners of two keys work side by side. When a row goes from A to B, the rename speaks for A's owner and reaches B,
and B's owner may still be telling older things about B. They are not to be written over what the rename has brought;
what B's owner says in answer to the rename follows, and from then on its word counts again.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from connectors.values import Write
from schemas.identity import event_position
from schemas.records import Row


class Moment(NamedTuple):
    """A place in the history of one source. Moments of different sources do not compare."""

    source: str
    epoch: int
    commit: int
    ordinal: int

    def is_before(self, other: "Moment") -> bool:
        """Whether this is known to be earlier."""
        return self.source == other.source and self[1:] < other[1:]


class Sifted(NamedTuple):
    """`kept`: the writes that are not late, each with its place. `arrivals`: as they are after them."""

    kept: list[tuple[int, Write]]
    arrivals: dict[str, Moment]


def moment(write: Write) -> Moment:
    """When that happened from which the write stems."""
    return Moment(*event_position(write.event_id))


def key_text(key: Row) -> str:
    """The value of the one key column, as text."""
    return str(next(iter(key.values())))


def sift(items: Iterable[Write], arrivals: Mapping[str, Moment]) -> Sifted:
    """What of `items` is to be written. `arrivals`: keys that renames have reached, their owners yet to answer."""
    kept: list[tuple[int, Write]] = []
    waiting = dict(arrivals)
    for place, write in enumerate(items):
        if waiting and (arrived := waiting.get(key := key_text(write.key))) is not None:
            if moment(write).is_before(arrived):
                continue
            del waiting[key]
        kept.append((place, write))
        if write.operation == "rename" and write.moved_to and write.moved_to != write.key:
            _await_answer(waiting, key_text(write.moved_to), moment(write))
    return Sifted(kept, waiting)


def _await_answer(waiting: dict[str, Moment], key: str, arrived: Moment) -> None:
    before = waiting.get(key)
    if before is None or not arrived.is_before(before):
        waiting[key] = arrived
