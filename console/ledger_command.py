"""`lienthong ledger`: the account of every record."""

import time
from dataclasses import asdict
from typing import Annotated

import orjson
import typer

from console.account_lines import published, received
from console.account_view import account_view
from console.applied import applied_catalogue
from console.moments import moment_of
from console.reading import Reader
from console.screen import screen
from console.store.database import connect, store_dsn
from console.store.figures import Window, read_figures
from console.surroundings import find_settings
from console.words import Language

_Moment = Annotated[str, typer.Option(help="2h, 3d, 2026-11-27, 2026-11-27T08:00 or 27/11/2026 08:00.")]


def ledger(  # noqa: PLR0913, PLR0917 - options of a command
    system: Annotated[str, typer.Option(help="Only this system.")] = "",
    entity: Annotated[str, typer.Option(help="Only this entity.")] = "",
    since: _Moment = "",
    until: _Moment = "",
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object, for scripts.")] = False,  # noqa: FBT002
    lang: Annotated[Language, typer.Option(help="vi: tiếng Việt; en: English.")] = Language.vi,
) -> None:
    """Show what became of every record: of all time, or of a window. Exit 1 where the account is out of balance.

    What is in flight, and the imbalance, are always of now. Every record has one end; 0 is the only good imbalance.

    Example: lienthong ledger --system dan_cu --since 2h --lang en
    """
    settings = find_settings()
    now = time.time_ns() // 1000
    window = Window(moment_of(since, now=now), moment_of(until, now=now) or now) if since or until else None
    with Reader(settings) as reader:
        catalogue = applied_catalogue(settings, reader)
    with connect(store_dsn(settings)) as connection:
        figures = read_figures(connection, window)
    told = published(catalogue, figures), received(catalogue, figures)
    lines = [[line for line in each if system in ("", line.system) and entity in ("", line.entity)] for each in told]
    if as_json:
        body = {"publishers": [*map(asdict, lines[0])], "subscribers": [*map(asdict, lines[1])]}
        typer.echo(orjson.dumps(body | {"horizon": figures.horizon}, option=orjson.OPT_INDENT_2).decode())
    else:
        screen.print(account_view(lines[0], lines[1], horizon=figures.horizon, window=window, language=lang))
    if any(line.imbalance for each in lines for line in each):
        raise typer.Exit(1)
