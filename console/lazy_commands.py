"""Commands whose modules are imported when somebody asks for them: a command need not wait for what others import."""

from collections.abc import Callable
from importlib import import_module
from typing import Any, Final

import typer
from typer.core import TyperGroup
from typer.main import get_command, get_group

#: By name, in the order in which the help shows them: the module, and in it a function or a Typer of several commands.
COMMANDS: Final = {
    "check": ("console.check", "check"),
    "apply": ("console.apply", "apply"),
    "status": ("console.status", "status"),
    "ledger": ("console.ledger_command", "ledger"),
    "trace": ("console.trace", "trace"),
    "reconcile": ("console.reconcile", "reconcile"),
    "resync": ("console.resync", "resync"),
    "replay": ("console.replay", "replay"),
    "close-graves": ("console.close_graves", "close_graves"),
    "pause": ("console.pause", "pause"),
    "resume": ("console.pause", "resume"),
    "demo": ("console.demo", "demo"),
    "wait-ready": ("console.wait_ready", "wait_ready"),
    "permissions": ("console.permissions", "permissions"),
    "show": ("console.show", "show"),
    "dead-letters": ("console.dead_letters", "dead_letters"),
}


class LazyCommands(TyperGroup):
    """The group of all of `COMMANDS`. Its own help imports every module, for each command says what it does."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.commands = _Imported()


class _Imported(dict[str, Any]):
    """The commands, each made when it is looked up for the first time."""

    def __init__(self) -> None:
        super().__init__(dict.fromkeys(COMMANDS))

    def __getitem__(self, name: str) -> Any:
        if (command := super().__getitem__(name)) is None:
            module, found = COMMANDS[name]
            command = self[name] = _command(name, getattr(import_module(module), found))
        return command

    def get(self, name: str, default: Any = None) -> Any:
        """As ever; the one of dict would not ask `__getitem__`."""
        return self[name] if name in COMMANDS else default

    def items(self) -> Any:
        """Likewise."""
        return [(name, self[name]) for name in self]


def _command(name: str, found: typer.Typer | Callable[..., None]) -> Any:
    if isinstance(found, typer.Typer):
        return get_group(found)
    alone = typer.Typer(add_completion=False)
    alone.command(name)(found)
    return get_command(alone)
