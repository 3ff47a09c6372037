"""`lienthong status`: every system at a glance."""

import time
from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated

import orjson
import typer

from console.applied import applied_catalogue
from console.freshness import Line, lines
from console.observing import Observer
from console.reading import Reader
from console.screen import screen
from console.status_view import status_view
from console.surroundings import find_settings
from console.words import Language


def status(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object, for scripts.")] = False,  # noqa: FBT002
    lang: Annotated[Language, typer.Option(help="vi: tiếng Việt; en: English.")] = Language.vi,
) -> None:
    """Show every system: phase, freshness against its cadence, captured, delivered, quarantined, waiting.

    Example: lienthong status --lang en
    """
    settings = find_settings()
    with Reader(settings) as reader:
        catalogue = applied_catalogue(settings, reader)
        picture = Observer(settings, reader).look(catalogue)
    found = list(lines(catalogue, picture, now=time.time()))
    if as_json:
        typer.echo(_for_scripts(found, catalogue.revision))
    else:
        screen.print(status_view(found, revision=catalogue.revision, language=lang, width=screen.width))


def _for_scripts(found: Sequence[Line], revision: int) -> str:
    body = {"revision": revision, "lines": [asdict(line) for line in found]}
    return orjson.dumps(body, option=orjson.OPT_INDENT_2).decode()
