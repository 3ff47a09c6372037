"""The journey of one record as values: its steps, and for each subscriber a verdict that a person can read."""

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from console.reading import Place


class Step(NamedTuple):
    """One stage that the record has passed. `name`: a word of `console.account_words`, without `step_`.

    `time`: microseconds since 1970, 0 where it is not known. `where`: a row, a position, or a place in Kafka.
    `facts`: further words with their values.
    """

    name: str
    time: int
    who: str
    where: str = ""
    facts: tuple[tuple[str, dict[str, Any]], ...] = ()


class Verdict(NamedTuple):
    """Where a record is with one subscriber, and why not there: sentences by their words, with their values."""

    system: str
    sentences: tuple[tuple[str, dict[str, Any]], ...]


class Delivered(NamedTuple):
    """The last delivery of a record to one subscriber, as it stands in Kafka."""

    place: Place
    offset: int
    operation: str
    version: int
    time: int
    revision: int


@dataclass(frozen=True)
class Journey:
    """`remarks`: sentences that are of no single subscriber."""

    steps: list[Step] = field(default_factory=list)
    verdicts: list[Verdict] = field(default_factory=list)
    remarks: list[tuple[str, dict[str, Any]]] = field(default_factory=list)


def place_text(place: Place, offset: int) -> str:
    """As operators write it."""
    return f"{place[0]}/{place[1]}@{offset}"
