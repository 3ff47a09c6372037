"""From outcomes as they are said to rows as the store keeps them."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Final, TypeAlias
from uuid import UUID

from console.store.stretches import LONGEST_HOLE
from schemas import topics
from schemas.records import Outcome, Result

#: Which results are the end of a record of a topic of this kind; the others tell what it has led to, by subscriber.
ENDS: Final[dict[str, frozenset[Result]]] = {
    "raw": frozenset({"processed", "superseded", "quarantined"}),
    "identify": frozenset({"processed", "superseded", "quarantined"}),
    "to": frozenset({"delivered", "filtered", "quarantined", "superseded"}),
}
_Line: TypeAlias = tuple[str, str, str, str, int, str]


@dataclass(slots=True)
class Sorted:
    """Some outcomes: `ranges` of offsets, `exceptions` one by one, `captures` by positions of the source."""

    ranges: list[Outcome] = field(default_factory=list)
    exceptions: dict[UUID, Outcome] = field(default_factory=dict)
    captures: dict[UUID, Outcome] = field(default_factory=dict)


def sort(outcomes: Iterable[Outcome], *, is_known: Callable[[Outcome], bool] = lambda _: False) -> Sorted:
    """Ranges that follow one another become one: at a trickle, each record is a range of its own.

    `is_known`: of ranges that repeat what was said before; these stay as they are, for somebody to look at closely.
    """
    found, lines = Sorted(), dict[_Line, Outcome]()
    for outcome in outcomes:
        if outcome["reason"] is not None or outcome["field"] is not None:
            found.exceptions.setdefault(identity(outcome), outcome)
        elif not outcome["topic"]:
            found.captures.setdefault(identity(outcome), outcome)
        else:
            line = _line(outcome)
            last = lines.get(line)
            if last is not None and 0 < outcome["first"] - last["last"] <= LONGEST_HOLE:
                _extend(last, outcome)
                continue
            row = outcome.copy()
            found.ranges.append(row)
            if not is_known(outcome) and (last is None or outcome["first"] > last["last"]):
                lines[line] = row
    return found


def is_end(result: str, topic: str) -> bool:
    """Whether the result is the end of a record of this topic."""
    return result in ENDS.get(topics.place(topic).kind, ())


def identity(outcome: Outcome) -> UUID:
    """The same for the same end of the same records, whoever says it."""
    parts = (
        *(outcome["result"], outcome["system"], outcome["entity"], outcome["topic"], outcome["partition"]),
        *(outcome["epoch"], outcome["first"], outcome["last"], outcome["reason"], outcome["field"]),
        # Parts of one snapshot, or of one large transaction, bear one commit: their first event tells them apart.
        outcome["event_id"],
    )
    return UUID(bytes=blake2b(repr(parts).encode(), digest_size=16).digest())


def _line(outcome: Outcome) -> _Line:
    place = outcome["topic"], outcome["partition"]
    return (outcome["result"], outcome["system"], outcome["entity"], *place, outcome["process"])


def _extend(known: Outcome, following: Outcome) -> None:
    known["last"] = following["last"]
    known["count"] += following["count"]
    known["oldest_source_time"] = min(known["oldest_source_time"], following["oldest_source_time"])
    known["newest_source_time"] = max(known["newest_source_time"], following["newest_source_time"])
    known["time"] = max(known["time"], following["time"])
