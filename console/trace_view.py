"""`lienthong trace` on a terminal."""

from collections.abc import Callable, Mapping
from typing import Any

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from console.account_view import moment
from console.field_words import field_word
from console.screen import plain_table
from console.show_view import Showing
from console.tracing.journey import Journey, Step
from console.words import Language


def trace_view(key: str, journey: Journey, how: Showing) -> RenderableType:
    """The verdicts first, for that is what was asked; then the steps."""
    word = how.language.word
    sentences = [Text(_sentences(verdict.sentences, how)) for verdict in journey.verdicts]
    remarks = [Text(_sentences([remark], how), style="yellow") for remark in journey.remarks]
    head = Text.assemble((f"{word('where')}: ", ""), (how.mask_key(key), "bold"))
    return Group(head, *(Padding(line, (0, 0, 0, 2)) for line in (*sentences, *remarks)), "", _steps(journey, how))


def _sentences(found: Any, how: Showing) -> str:
    return " ".join(_sentence(name, facts, how) for name, facts in found)


def _sentence(name: str, facts: Mapping[str, Any], how: Showing) -> str:
    shown = {fact: _SHOWN[fact](value, how) if fact in _SHOWN else value for fact, value in facts.items()}
    if "field" in facts and "system" in facts:
        code, system = facts["reason"], facts["system"]
        shown["reason"] = how.language.word(code, system=system) if how.language.knows(code) else code
    return how.language.word(name, **shown).strip()


_SHOWN: dict[str, Callable[[Any, Showing], str]] = {
    "time": lambda value, _: moment(value),
    "count": lambda value, how: how.language.number(value),
    "field": lambda value, how: field_word(how.entity, value, how.language),
}


def _steps(journey: Journey, how: Showing) -> RenderableType:
    word = how.language.word
    table = plain_table()
    for name in ("time", "step", "system", "position", "detail"):
        table.add_column(word(name), overflow="fold")
    for step in journey.steps:
        detail = "; ".join(_sentence(name, facts, how) for name, facts in step.facts)
        # Rows may be called by an identifier; positions never are.
        where = how.mask_row(step.where) if step.name == "changed" else step.where
        table.add_row(_time(step, how.language), word(f"step_{step.name}"), step.who, where, detail)
    return table


def _time(step: Step, language: Language) -> str:
    return moment(step.time) if step.time else language.word("never")
