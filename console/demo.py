"""`lienthong demo`: three changes in one system, each shown on its way into another."""

import importlib
from typing import Annotated

import typer

from console.errors import ConsoleError


def demo(
    source: Annotated[str | None, typer.Option(help="System to change; the owner of the entity by default.")] = None,
    target: Annotated[str | None, typer.Option(help="System to watch; the first subscriber by default.")] = None,
    timeout: Annotated[float, typer.Option(min=0.1, help="Seconds to wait for each change.")] = 20.0,
) -> None:
    """Correct a name, register a death, add a newborn, and watch each arrive, with the milliseconds since its commit.

    Picks living people at random and leaves the changes in place: for a city of made-up people.

    Example: lienthong demo --target dan_cu
    """
    try:
        run = importlib.import_module("console.demo_run")
    except ImportError as error:
        raise ConsoleError(f"the demo works in PostgreSQL: {error}; install the extra `postgres`") from error
    run.run(source=source, target=target, timeout=timeout)
