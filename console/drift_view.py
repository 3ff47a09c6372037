"""`lienthong reconcile` on a terminal."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from console.drift_words import drift_word
from console.masking import masked, masked_key
from console.reconciling.looks import KINDS, Drift, Found
from console.screen import plain_table
from console.words import Language
from schemas.compose import entity_fields
from schemas.manifest import Subscription

#: So many rows are enough to see what is the matter.
_SHOWN: Final = 20


@dataclass(frozen=True, slots=True)
class Reported:
    """What was found of one subscription, and in what time. `mask`: from a value and its canonical format."""

    system: str
    entity: str
    subscription: Subscription
    found: Found
    seconds: float
    language: Language
    shows_all: bool
    mask: Callable[[Any, str], Any] = masked
    mask_key: Callable[[str], str] = masked_key

    def word(self, name: str, **values: object) -> str:
        """In the report's language; numbers are written as it writes them."""
        told = {each: self.language.number(v) if isinstance(v, int) else v for each, v in values.items()}
        return drift_word(self.language, name, **told)


def drift_view(report: Reported) -> RenderableType:
    """How many of what, then row by row which columns are wrong."""
    found, word = report.found, report.word
    parts: list[RenderableType] = [_head(report)]
    if found.on_the_way:
        parts.append(Text("  " + word("on_the_way", count=found.on_the_way), style="dim"))
    if found.drifts:
        counted = Counter(each.kind for each in found.drifts)
        told = (f"{word(kind)} {report.language.number(counted[kind])}" for kind in KINDS if counted[kind])
        parts += [Text("  " + " · ".join(told), style="yellow"), _table(report)]
        if (count := len(found.drifts) - _SHOWN) > 0 and not report.shows_all:
            parts.append(Text(word("more", count=count), style="dim"))
        if counted["refused"]:
            parts.append(Text(word("look_up", count=counted["refused"])))
    return Group(*parts)


def _head(report: Reported) -> Text:
    found, title = report.found, report.word("title", system=report.system, entity=report.entity)
    seconds = report.language.span(report.seconds)
    if not found.drifts:
        told = report.word("all_right", checked=found.checked, seconds=seconds)
        return Text.assemble(("✔ ", "green"), (title, "bold"), f": {told}")
    told = report.word("found", drifts=len(found.drifts), checked=found.checked, seconds=seconds)
    return Text.assemble(("▲ ", "yellow"), (title, "bold"), f": {told}")


def _table(report: Reported) -> Table:
    table = plain_table()
    for name in ("kind", "key", "column", "expected", "held"):
        table.add_column(report.word(name), overflow="fold")
    ordered = sorted(report.found.drifts, key=lambda each: (KINDS.index(each.kind), each.key))
    for drift in ordered if report.shows_all else ordered[:_SHOWN]:
        for line in _lines(drift, report):
            table.add_row(*line)
    return table


def _lines(drift: Drift, report: Reported) -> Iterator[tuple[str, ...]]:
    head = (report.word(drift.kind), report.mask_key(drift.owner))
    if not drift.cells:
        yield (*head, "", "", "")
    formats = entity_fields(report.entity)
    for place, cell in enumerate(drift.cells):
        canonical = formats[report.subscription.fields[cell.column].field]
        shown = (
            report.word("empty") if text is None else str(report.mask(text, canonical))
            for text in (cell.expected, cell.held)
        )
        yield (*(head if place == 0 else ("", "")), cell.column, *shown)
