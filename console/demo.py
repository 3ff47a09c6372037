"""`lienthong demo`: a birth, a number, a corrected name and a death, each shown on its way into every system."""

import importlib
from typing import Annotated

import typer

from console.errors import ConsoleError
from console.words import Language


def demo(
    timeout: Annotated[float, typer.Option(min=0.1, help="Seconds to wait for each change.")] = 20.0,
    lang: Annotated[Language, typer.Option(help="vi: tiếng Việt; en: English.")] = Language.vi,
) -> None:
    """Register a birth, give the child its number, correct a name, register a death; watch each arrive everywhere.

    Each change is made in the system where it belongs, and looked for in every other by that system's own protocol,
    with the milliseconds since its commit. Picks living people at random and leaves the changes in place: for a city of
    made-up people.

    Example: lienthong demo --lang en
    """
    try:
        run = importlib.import_module("console.demo_run")
    except ImportError as error:
        raise ConsoleError(f"the demo works in PostgreSQL: {error}; install the extra `postgres`") from error
    run.run(timeout=timeout, language=lang)
