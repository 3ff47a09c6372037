"""Puts whole files into a folder: drafted in a hidden one beside them, shown by a rename, never seen half written."""

import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

_HIDDEN = ".lienthong"
_DRAFT = re.compile(r"(\d{12,})\.(.+)")


class Shelf:
    """The files of one table in `folder`. A draft is named by its number and the file that it is to become."""

    def __init__(self, folder: Path, table: str) -> None:
        self._folder = folder
        self._hidden = folder / _HIDDEN / table

    @property
    def ledger(self) -> Path:
        """Where the table's ledger is."""
        return self._hidden / "ledger.sqlite"

    def prepare(self) -> None:
        """Make the hidden folder. The folder itself must be there: a share that came loose must not be made up for."""
        self._hidden.parent.mkdir(mode=0o700, exist_ok=True)
        self._hidden.mkdir(mode=0o700, exist_ok=True)

    def draft(self, number: int, name: str, lines: Iterable[str]) -> None:
        """Write the next state of the file `name`; returns when the disk has it. `settle` after the commit."""
        with (self._hidden / f"{number:012d}.{name}").open("w", encoding="utf-8", newline="") as file:
            file.writelines(lines)
            file.flush()
            os.fsync(file.fileno())
        _sync(self._hidden)

    def settle(self, last: int) -> None:
        """Show what was committed, drop what was not; its caller locks the ledger. `last`: number of the last one."""
        for number, name in sorted(self._drafts()):
            draft = self._hidden / f"{number:012d}.{name}"
            if number <= last:
                draft.replace(self._folder / name)
                _sync(self._folder)
            else:
                draft.unlink()

    def holds(self, name: str) -> bool:
        """Whether the file can be seen."""
        return (self._folder / name).exists()

    def highest(self, table: str) -> int:
        """The greatest number among the files of changes that can be seen; 0 without any."""
        numbered = re.compile(rf"{re.escape(table)}\.(\d{{12,}})\.csv")
        found = (numbered.fullmatch(path.name) for path in self._folder.iterdir())
        return max((int(match[1]) for match in found if match), default=0)

    def _drafts(self) -> Iterator[tuple[int, str]]:
        for path in self._hidden.iterdir():
            if match := _DRAFT.fullmatch(path.name):
                yield int(match[1]), match[2]


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
