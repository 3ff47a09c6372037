"""The `lienthong` command: one file a command, put together here."""

import sys

import typer
from rich.text import Text

from connectors.errors import ConnectorsError
from console.errors import ConsoleError
from console.lazy_commands import LazyCommands
from console.screen import troubles
from schemas.errors import SchemasError
from schemas.garbage import look_rarely

app = typer.Typer(
    name="lienthong",
    cls=LazyCommands,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.callback()
def lienthong() -> None:
    """Liên thông: a change in one system reaches every system entitled to it, within a second."""


def main() -> None:
    """Run one command. Troubles that were foreseen are told in their own words, and end with exit code 1."""
    look_rarely()  # a command is over before it pays, and what it imports is no garbage
    try:
        app()
    except (ConsoleError, SchemasError, ConnectorsError) as error:
        troubles.print(Text.assemble(("✖ ", "red"), str(error)), soft_wrap=not troubles.is_terminal)
        sys.exit(1)
