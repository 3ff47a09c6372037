"""A rehearsal on a terminal: what would change at whom, field by field."""

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from console.field_words import field_word
from console.masking import masked, masked_key
from console.mending.proposal import Proposal
from console.mending.words import say
from console.words import Language
from schemas.compose import entity_fields
from streams.difference import Change

#: So many records are shown whole; the others are counted.
_SHOWN = 20


def proposal_view(proposal: Proposal, entity: str, language: Language) -> RenderableType:
    """Identifiers are hidden in part, as everywhere."""
    lines: list[RenderableType] = [changes_view(proposal.changes, entity, language)]
    for plan, letter in proposal.refused[:_SHOWN]:
        told = {"id": plan.case.letter["id"][:12], "reason": letter["reason"], "message": letter["message"]}
        lines.append(Text(say(language, "refused", **told), style="yellow"))
    if len(proposal.refused) > _SHOWN:
        lines.append(Text(say(language, "more", count=language.number(len(proposal.refused) - _SHOWN))))
    if proposal.overtaken:
        lines.append(Text(say(language, "overtaken", count=language.number(len(proposal.overtaken)))))
    if proposal.sound:
        lines.append(Text(say(language, "sound", count=language.number(len(proposal.sound))), style="bold"))
    return Group(*lines)


def changes_view(changes: Sequence[Change], entity: str, language: Language) -> RenderableType:
    """Record by record, field by field."""
    if not changes:
        return Text(say(language, "nothing_changes"))
    formats = entity_fields(entity)
    lines: list[RenderableType] = [Text(say(language, "would_change"), style="bold")]
    for change in changes[:_SHOWN]:
        lines.append(Text.assemble((f"{change.system}  ", "bold"), masked_key(change.key), _what(change, language)))
        for field, before, after in change.fields() if change.after is not None else ():
            old, new = (_shown(value, formats[field], language) for value in (before, after))
            word = field_word(entity, field, language)
            told = f"{word}: {new}" if change.before is None else f"{word}: {old} → {new}"
            lines.append(Padding(Text(told), (0, 0, 0, 4)))
    if len(changes) > _SHOWN:
        lines.append(Text(say(language, "more", count=language.number(len(changes) - _SHOWN))))
    return Group(*lines)


def _what(change: Change, language: Language) -> str:
    if change.after is None:
        return f"  {say(language, 'no_more')}"
    if change.formerly is not None:
        return f"  {say(language, 'moves', key=masked_key(change.formerly))}"
    return f"  {say(language, 'new_record')}" if change.before is None else ""


def _shown(value: object, canonical: str, language: Language) -> str:
    return say(language, "no_value") if value is None else str(masked(value, canonical))
