"""What is to be sent of a batch: without what comes late, and a rename that comes late as the delete it has become."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from connectors.lateness import Moment, key_text, moment, sift
from connectors.values import Write

#: Departures that are remembered; a rename is later than its successor by moments only.
_MOST_DEPARTURES = 10_000


@dataclass(frozen=True, slots=True)
class Known:
    """What a sink remembers of one entity's renames. A sink that takes over knows nothing; see rest.py."""

    #: Keys that renames have reached, their owners yet to answer.
    arrivals: Mapping[str, Moment] = field(default_factory=dict)
    #: When keys were left last, the latest last.
    departures: Mapping[str, Moment] = field(default_factory=dict)


def planned(items: Iterable[Write], known: Known) -> tuple[list[tuple[int, Write]], Known]:
    """The writes to send, each with its place, and what is known after them."""
    kept, arrivals = sift(items, known.arrivals)
    departures = dict(known.departures)
    plan = []
    for place, write in kept:
        if write.moved_to == write.key:
            continue
        plan.append((place, _as_delete(write) if _is_late(write, departures) else write))
        if write.operation != "upsert":
            _note(departures, key_text(write.key), moment(write))
    return plan, Known(arrivals, dict(list(departures.items())[-_MOST_DEPARTURES:]))


def _is_late(write: Write, departures: Mapping[str, Moment]) -> bool:
    """Whether the new key was left after this rename. Clocks of two sources do not compare: then taken for later."""
    gone = departures.get(key_text(write.moved_to)) if write.moved_to else None
    left = moment(write)
    return gone is not None and (gone.source != left.source or left.is_before(gone))


def _as_delete(write: Write) -> Write:
    return write._replace(operation="delete", moved_to=None)


def _note(departures: dict[str, Moment], key: str, left: Moment) -> None:
    known = departures.get(key)
    if known is None or not left.is_before(known):
        departures.pop(key, None)
        departures[key] = left
