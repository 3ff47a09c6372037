"""`lienthong ledger` on a terminal."""

from collections.abc import Sequence
from datetime import UTC, datetime

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from console.account_lines import PUBLISHED, RECEIVED, Line
from console.screen import plain_table
from console.store.figures import Window
from console.words import Language
from schemas.rules.dates import ZONE


def account_view(
    published: Sequence[Line], received: Sequence[Line], *, horizon: int, window: Window | None, language: Language
) -> RenderableType:
    """A table of the publishers, one of the subscribers, and from when on all of it is known."""
    word = language.word
    when = (
        word("all_time") if window is None else word("window", since=moment(window.since), until=moment(window.until))
    )
    known = word("known_since", time=moment(horizon)) if horizon else word("known_whole")
    wrong = [line for line in (*published, *received) if line.imbalance]
    return Group(
        Text(f"{word('account')} · {when}", style="bold"),
        _table(published, PUBLISHED, "publisher", language),
        _table(received, RECEIVED, "subscriber", language),
        Text(word("out_of_balance"), style="red") if wrong else Text(word("in_balance"), style="green"),
        Text(known, style="dim"),
    )


def moment(microseconds: int) -> str:
    """As an officer writes it."""
    return datetime.fromtimestamp(microseconds / 1e6, UTC).astimezone(ZONE).strftime("%d/%m/%Y %H:%M:%S")


def _table(lines: Sequence[Line], names: Sequence[str], who: str, language: Language) -> Table:
    table = plain_table()
    table.add_column(language.word(who), overflow="fold")
    table.add_column(language.word("entity"), overflow="fold")
    for name in (*names, "in_flight", "imbalance"):
        table.add_column(language.word("held_fields" if name == "held" else name), justify="right", overflow="fold")
    for line in lines:
        counts = (language.number(line.counts[name]) for name in names)
        imbalance = Text(language.number(line.imbalance), style="red" if line.imbalance else "")
        table.add_row(line.system, line.entity, *counts, language.number(line.in_flight), imbalance)
    return table
