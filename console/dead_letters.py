"""`lienthong dead-letters`: what could not be processed, and why."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeAlias

import typer
from rich.console import Group as RenderGroup
from rich.console import RenderableType
from rich.padding import Padding
from rich.text import Text

from console.decoding import Decoder
from console.reading import BEGINNING, Reader
from console.screen import screen
from console.surroundings import find_settings
from schemas.records import DeadLetter
from schemas.settings import Settings
from schemas.topics import DEAD_LETTERS

_Kind: TypeAlias = tuple[str, str, str, str]

dead_letters = typer.Typer(name="dead-letters", help="What could not be processed, and why.", no_args_is_help=True)


@dead_letters.callback()
def _group() -> None:
    """Keeps `list` a word of its own while it is the only command."""


@dataclass(frozen=True)
class Group:
    """Dead letters with one cause: how many, and the newest of them."""

    count: int
    newest: DeadLetter


@dead_letters.command("list")
def list_() -> None:
    """Group the dead letters by cause, the most frequent first. No personal data is shown.

    Example: lienthong dead-letters list
    """
    found = grouped(_read(find_settings()))
    if not found:
        screen.print("No dead letters: everything captured could be processed.")
        return
    screen.print(view(found))


def grouped(letters: Iterable[DeadLetter]) -> list[Group]:
    """By system, stage, reason and field; a letter that was written twice counts once. Most frequent first."""
    kinds: dict[_Kind, dict[str, DeadLetter]] = {}
    for letter in letters:
        kind = (letter["system"], letter["stage"], letter["reason"], letter["field"] or "")
        kinds.setdefault(kind, {})[letter["id"]] = letter
    groups = [Group(len(each), max(each.values(), key=lambda letter: letter["time"])) for each in kinds.values()]
    return sorted(groups, key=lambda group: (-group.count, -group.newest["time"]))


def _read(settings: Settings) -> list[DeadLetter]:
    decoder = Decoder(settings)
    with Reader(settings) as reader:
        if DEAD_LETTERS not in reader.topics():
            return []
        values = [record.value for record in reader.to_the_end({(DEAD_LETTERS, 0): BEGINNING})]
    return [decoder.dead_letter(value) for value in values if value is not None]


def view(groups: list[Group]) -> RenderableType:
    """Two lines a group: how many of what, and what to do."""
    lines: list[RenderableType] = []
    for group in groups:
        letter = group.newest
        reason = letter["reason"] if letter["field"] is None else f"{letter['reason']} ({letter['field']})"
        newest = datetime.fromtimestamp(letter["time"] / 1e6, UTC).astimezone().strftime("%d/%m/%Y %H:%M:%S")
        facts = f"  {letter['system']}, {letter['stage']}, newest {newest}"
        lines.append(Text.assemble((f"{group.count:,} × {reason}", "bold"), (facts, "dim")))
        lines.append(Padding(Text(letter["message"]), (0, 0, 0, 4)))
    return RenderGroup(*lines)
