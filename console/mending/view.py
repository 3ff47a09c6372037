"""Dead letters on a terminal: groups, the letters of one, one letter."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from rich.console import Group as RenderGroup
from rich.console import RenderableType
from rich.padding import Padding
from rich.text import Text

from console.mending.letters import Case, Group
from console.mending.standing import Standing
from console.mending.words import say
from console.screen import plain_table
from console.words import Language
from schemas.records import Row
from schemas.rules.errors import shape

_ID_SHOWN = 12


def groups_view(groups: Sequence[Group], language: Language) -> RenderableType:
    """Two lines a group: how many of what, and what to do; the letters that are closed are counted behind."""
    standings = Counter(case.standing for group in groups for case in group.cases)
    title = " · ".join(f"{language.number(count)} {say(language, name)}" for name, count in _ordered(standings))
    lines: list[RenderableType] = [Text(title, style="bold")]
    for group in groups:
        letter, count = group.newest, group.count(Standing.open)
        reason = letter["reason"] if letter["field"] is None else f"{letter['reason']} ({letter['field']})"
        facts = [f"{letter['system']}, {letter['stage']}", say(language, "group", id=group.id)]
        facts.append(say(language, "newest", time=moment(letter["time"])))
        closed = Counter(case.standing for case in group.cases if case.standing is not Standing.open)
        facts += [f"{language.number(number)} {say(language, name)}" for name, number in _ordered(closed)]
        style = "bold" if count else "dim"
        lines.append(Text.assemble((f"{language.number(count)} × {reason}", style), (f"  {'; '.join(facts)}", "dim")))
        lines.append(Padding(Text(letter["message"]), (0, 0, 0, 4)))
    return RenderGroup(*lines)


def group_view(group: Group, language: Language) -> RenderableType:
    """One line a letter, the newest first."""
    table = plain_table()
    for name in ("", "", ""):
        table.add_column(name, no_wrap=True)
    for case in group.cases:
        letter = case.letter
        table.add_row(letter["id"][:_ID_SHOWN], moment(letter["time"]), say(language, case.standing))
    table.show_header = False
    return RenderGroup(groups_view([group], language), table)


def case_view(case: Case, language: Language) -> RenderableType:
    """What everybody may see of one letter: what is wrong with which event, where, and who has decided what."""
    letter = case.letter
    lines = [
        Text.assemble((letter["id"], "bold"), f"  {letter['system']}, {letter['entity']}, {letter['stage']}"),
        Text(letter["reason"] if letter["field"] is None else f"{letter['reason']} ({letter['field']})", style="bold"),
        Text(letter["message"]),
        Text(say(language, "event", event=letter["event_id"], time=moment(letter["time"]))),
    ]
    if letter["topic"]:
        place = f"{letter['topic']}/{letter['partition']}/{letter['offset']}"
        lines.append(Text(say(language, "place", place=place)))
    lines.append(Text(say(language, "standing", standing=say(language, case.standing))))
    for made in case.decisions:
        action = say(language, made["action"]) + (f" ({made['detail']})" if made["detail"] else "")
        told = say(language, "decision", time=moment(made["time"]), by=made["by"], action=action, why=made["why"])
        lines.append(Text(told, style="dim"))
    return RenderGroup(*lines)


def row_view(row: Row, fields: dict[str, str], language: Language, *, revealed: bool) -> RenderableType:
    """A row by column. `fields`: column -> the field that it is mapped to."""
    table = plain_table()
    for name in ("column", "field", "value"):
        table.add_column(say(language, name))
    show: Callable[[Any], str] = str if revealed else shape
    for column, value in row.items():
        table.add_row(column, fields.get(column, ""), say(language, "no_value") if value is None else show(value))
    return table if revealed else RenderGroup(table, Text(say(language, "hidden"), style="dim"))


def moment(microseconds: int) -> str:
    """On the clock of this machine."""
    return datetime.fromtimestamp(microseconds / 1e6, UTC).astimezone().strftime("%d/%m/%Y %H:%M:%S")


def _ordered(counts: Mapping[Any, int]) -> list[tuple[Standing, int]]:
    return [(standing, counts[standing]) for standing in Standing if standing in counts]
