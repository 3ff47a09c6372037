"""`lienthong status` on a terminal and for scripts."""

from collections.abc import Iterator, Sequence

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from console.freshness import Health, Line
from console.screen import plain_table
from console.words import Language
from schemas.records import Resync

_MARKS = {Health.green: "●", Health.yellow: "▲", Health.red: "✖"}
_WIDE = 90
_NUMBERS = ("captured", "delivered", "quarantined", "waiting")


def status_view(lines: Sequence[Line], *, revision: int, language: Language, width: int) -> RenderableType:
    """The table, the last trouble of each connector below it, and the legend, for a terminal of so many columns."""
    title = f"{language.word('title')} · {language.word('revision', revision=revision)}"
    parts: list[RenderableType] = [Text(title, style="bold"), _table(lines, language, width=width)]
    parts += [Text(_reading_anew(line.system, line.resync, language)) for line in lines if line.resync]
    troubles = [trouble for line in lines for trouble in _troubles(line, language)]
    if troubles:
        parts.append(Text(language.word("troubles"), style="bold"))
        parts += [Padding(Text(trouble), (0, 0, 0, 2)) for trouble in troubles]
    parts.append(Text(language.word("legend"), style="dim"))
    return Group(*parts)


def _table(lines: Sequence[Line], language: Language, *, width: int) -> Table:
    table = plain_table(gap=2 if width >= _WIDE else 1)
    table.add_column(language.word("system"), overflow="fold")
    for name in ("role", "phase", "freshness"):
        table.add_column(language.word(name), no_wrap=True)
    for name in _NUMBERS:
        table.add_column(language.word(name), justify="right", no_wrap=True)
    for line in lines:
        numbers = (_number(getattr(line, name), language) for name in _NUMBERS)
        phase = Text(language.word(line.phase), style="" if line.phase == "streaming" else "yellow")
        table.add_row(line.system, language.word(line.role), phase, _freshness(line, language), *numbers)
    return table


def _freshness(line: Line, language: Language) -> Text:
    span = language.word("never") if line.freshness is None else language.span(line.freshness)
    return Text(f"{_MARKS[line.health]} {span}", style=line.health.value)


def _reading_anew(system: str, resync: Resync, language: Language) -> str:
    rows, left = language.number(resync["rows"]), language.number(resync["left"])
    expected = f" / ~{language.number(resync['expected'])}" if resync["expected"] else ""
    return language.word("resync", system=system, table=resync["resource"], rows=f"{rows}{expected}", left=left)


def _number(value: int | None, language: Language) -> str:
    return "" if value is None else language.number(value)


def _troubles(line: Line, language: Language) -> Iterator[str]:
    who = f"{line.system} ({language.word(line.role)})"
    if line.paused and line.phase != "paused":
        yield f"{who}: {language.word('pause_stands', why=line.paused)}"
    if line.trouble:
        yield f"{who}: {line.trouble}"
    # A source whose changes nobody takes looks late itself: say whose fault that is.
    if line.role == "source" and line.waiting and line.health is not Health.green:
        yield f"{who}: {language.word('workers', count=language.number(line.waiting))}"
