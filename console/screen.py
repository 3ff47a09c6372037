"""The terminal: one rich console for what a command says, one for its troubles."""

import sys

from rich.console import Console

screen = Console(highlight=False)
troubles = Console(stderr=True, highlight=False)


def is_live() -> bool:
    """Whether a person watches, so that a line may be redrawn."""
    return sys.stdout.isatty()
