"""The `lienthong` command: one file a command, put together here."""

import sys
from collections.abc import Callable

import typer
from rich.text import Text

from connectors.errors import ConnectorsError
from console.apply import apply
from console.check import check
from console.dead_letters import dead_letters
from console.demo import demo
from console.errors import ConsoleError
from console.ledger_command import ledger
from console.pause import pause, resume
from console.permissions import permissions
from console.reconcile import reconcile
from console.replay import replay
from console.resync import resync
from console.screen import troubles
from console.show import show
from console.status import status
from console.trace import trace
from console.wait_ready import wait_ready
from schemas.errors import SchemasError

app = typer.Typer(
    name="lienthong",
    help="Liên thông: a change in one system reaches every system entitled to it, within a second.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
_COMMANDS: tuple[Callable[..., None], ...] = (
    *(check, apply, status, ledger, trace, reconcile, resync, replay),
    *(pause, resume, demo, wait_ready),
    permissions,
)
for _command in _COMMANDS:
    app.command()(_command)
app.add_typer(show)
app.add_typer(dead_letters)


def main() -> None:
    """Run one command. Troubles that were foreseen are told in their own words, and end with exit code 1."""
    try:
        app()
    except (ConsoleError, SchemasError, ConnectorsError) as error:
        troubles.print(Text.assemble(("✖ ", "red"), str(error)), soft_wrap=not troubles.is_terminal)
        sys.exit(1)
