"""The dead letters, each with what was decided about it, grouped by cause and shape."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Final

from console.decisions import kept
from console.decoding import Decoder
from console.errors import ConsoleError
from console.mending.standing import Standing, decided
from console.reading import BEGINNING, Reader
from schemas.records import DeadLetter, Decision
from schemas.topics import DEAD_LETTERS

#: In these stages a message tells the shape of a value; in others it may count bytes or name places.
_SHAPED: Final = frozenset({"validate", "normalise", "sink"})


@dataclass(slots=True)
class Case:
    """One dead letter, and where it stands."""

    letter: DeadLetter
    decisions: list[Decision] = field(default_factory=list)
    standing: Standing = Standing.open


@dataclass(frozen=True, slots=True)
class Group:
    """Cases of one cause and shape, the newest first. `id` names the cause, whoever asks and whenever."""

    id: str
    cases: list[Case]

    @property
    def newest(self) -> DeadLetter:
        """The last of them."""
        return self.cases[0].letter

    def count(self, standing: Standing) -> int:
        """How many stand so."""
        return sum(case.standing is standing for case in self.cases)


def read_cases(reader: Reader, decoder: Decoder) -> list[Case]:
    """All that Kafka holds, as people decided; a letter that was written twice is one. The oldest first."""
    if DEAD_LETTERS not in reader.topics():
        return []
    values = [record.value for record in reader.to_the_end({(DEAD_LETTERS, 0): BEGINNING})]
    letters = [decoder.dead_letter(value) for value in values if value is not None]
    decisions = kept(reader, decoder)
    return [
        Case(letter, decisions.get(letter["id"], []), decided(decisions.get(letter["id"], ())))
        for letter in {letter["id"]: letter for letter in letters}.values()
    ]


def grouped(cases: Iterable[Case]) -> list[Group]:
    """By system, stage, reason, field and shape; most open ones first."""
    groups: dict[str, list[Case]] = {}
    for case in cases:
        groups.setdefault(group_id(case.letter), []).append(case)
    found = [
        Group(name, sorted(each, key=lambda case: case.letter["time"], reverse=True)) for name, each in groups.items()
    ]
    return sorted(found, key=lambda group: (-group.count(Standing.open), -group.newest["time"]))


def group_id(letter: DeadLetter) -> str:
    """6 hex digits."""
    shape = letter["message"] if letter["stage"] in _SHAPED else ""
    cause = (letter["system"], letter["entity"], letter["stage"], letter["reason"], letter["field"] or "", shape)
    return blake2b("\0".join(cause).encode(), digest_size=3).hexdigest()


def find_case(cases: Iterable[Case], wanted: str) -> Case:
    """By id, or by enough of its beginning. Raises ConsoleError."""
    found = [case for case in cases if wanted and case.letter["id"].startswith(wanted)]
    if len(found) == 1:
        return found[0]
    problem = "there is none" if not found else f"{len(found)} begin like this"
    raise ConsoleError(f"looking for dead letter {wanted}: {problem}; see `lienthong dead-letters list --group`")


def find_group(cases: Iterable[Case], wanted: str) -> Group:
    """By its id. Raises ConsoleError."""
    for group in grouped(cases):
        if group.id == wanted:
            return group
    raise ConsoleError(f"looking for group {wanted} of dead letters: there is none; see `lienthong dead-letters list`")
