"""`lienthong dead-letters`: what could not be processed, and why."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeAlias

import typer
from rich.table import Table

from console.decoding import Decoder
from console.reading import BEGINNING, Reader
from console.screen import plain_table, screen
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
    screen.print(_table(found))


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


def _table(groups: list[Group]) -> Table:
    table = plain_table()
    table.add_column("Count", justify="right")
    for name in ("System", "Stage", "Reason", "Newest"):
        table.add_column(name, overflow="fold")
    table.add_column("What is wrong, and what to do", ratio=1, overflow="fold")
    for group in groups:
        letter = group.newest
        reason = letter["reason"] if letter["field"] is None else f"{letter['reason']} ({letter['field']})"
        newest = datetime.fromtimestamp(letter["time"] / 1e6, UTC).astimezone().strftime("%d/%m %H:%M:%S")
        row = (f"{group.count:,}", letter["system"], letter["stage"], reason, newest, letter["message"])
        table.add_row(*row)
    return table
