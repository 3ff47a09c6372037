"""The terminal: one rich console for what a command says, one for its troubles."""

import sys

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

screen = Console(highlight=False)
troubles = Console(stderr=True, highlight=False)


def is_live() -> bool:
    """Whether a person watches, so that a line may be redrawn."""
    return sys.stdout.isatty()


def plain_table(*, gap: int = 2) -> Table:
    """A table with a line below its head and nothing else; `gap` blanks stand between its columns."""
    return Table(box=SIMPLE_HEAD, padding=(0, gap - 1, 0, 0), pad_edge=False, show_edge=False)
