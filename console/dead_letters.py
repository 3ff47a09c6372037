"""`lienthong dead-letters`: what could not be processed, why, and how it is mended."""

from collections.abc import Sequence
from typing import Annotated

import orjson
import typer
from click import edit as open_editor

from console.decisions import Actor, By, Why, actor, decision, keep
from console.errors import ConsoleError
from console.field_words import field_word
from console.mending.desk import Desk
from console.mending.event import Captured, edited
from console.mending.letters import Case, find_case, find_group, grouped
from console.mending.parcels import again, changed
from console.mending.proposal import Plan, Proposal, carry_out, rehearse
from console.mending.proposal_view import proposal_view
from console.mending.standing import Standing, edits_of
from console.mending.view import case_view, group_view, groups_view, row_view
from console.mending.words import say
from console.reading import Reader
from console.screen import screen, troubles
from console.surroundings import find_settings
from console.words import Language
from schemas.sealing import SealError

dead_letters = typer.Typer(
    name="dead-letters", help="What could not be processed, why, and how it is mended.", no_args_is_help=True
)

_Id = Annotated[str, typer.Argument(help="id of a dead letter, or enough of its beginning")]
_OptionalId = Annotated[str, typer.Argument(help="id of a dead letter, or enough of its beginning")]
_Group = Annotated[str, typer.Option("--group", help="All open ones of this group.")]
_Language = Annotated[Language, typer.Option(help="vi: tiếng Việt; en: English.")]
_Yes = Annotated[bool, typer.Option("--yes", help="Do not ask again.")]
_DryRun = Annotated[bool, typer.Option("--dry-run", help="Only tell what would change.")]


@dead_letters.command("list")
def list_(
    group: Annotated[str, typer.Option("--group", help="The letters of this group, one a line.")] = "",
    lang: _Language = Language.vi,
) -> None:
    """Group the dead letters by cause and shape, the most frequent first. No personal data is shown.

    Example: lienthong dead-letters list
    """
    settings = find_settings()
    with Reader(settings) as reader:
        cases = Desk(settings, reader).cases()
    if group:
        screen.print(group_view(find_group(cases, group), lang))
    elif cases:
        screen.print(groups_view(grouped(cases), lang))
    else:
        screen.print(say(lang, "none"))


@dead_letters.command()
def show(
    letter: _Id,
    reveal: Annotated[bool, typer.Option("--reveal", help="Show the values; who did and why is kept.")] = False,  # noqa: FBT002
    why: Why = "",
    by: By = "",
    lang: _Language = Language.vi,
) -> None:
    """Show one dead letter: what is wrong with which event, and the row in it, values hidden but for their shape.

    Example: lienthong dead-letters show 5d41402abc4b --reveal --why "đối chiếu sổ gốc"
    """
    settings = find_settings()
    with Reader(settings) as reader:
        desk = Desk(settings, reader)
        case = find_case(desk.cases(), letter)
        if reveal:
            _note_reveal(desk, case, actor(by, why))
        screen.print(case_view(case, lang))
        try:
            _show_row(desk, case, desk.captured(case.letter), lang, revealed=reveal)
        except (ConsoleError, SealError) as error:
            screen.print(say(lang, "no_key", problem=error))


@dead_letters.command()
def edit(  # noqa: PLR0913, PLR0917 - the options of a command
    letter: _Id,
    why: Why,
    set_: Annotated[list[str] | None, typer.Option("--set", help="column=value; may be repeated.")] = None,
    empty: Annotated[list[str] | None, typer.Option("--empty", help="A column that is to be empty.")] = None,
    by: By = "",
    yes: _Yes = False,  # noqa: FBT002
    dry_run: _DryRun = False,  # noqa: FBT002
    lang: _Language = Language.vi,
) -> None:
    """Correct the row of a quarantined event by the source's own columns, see what would change, and send it.

    Without --set and --empty the row is opened in $EDITOR. The source keeps what it has: correct it there, too.

    Example: lienthong dead-letters edit 5d41402abc4b --set so_dinh_danh=001099012345 --why "đã đối chiếu sổ gốc"
    """
    settings, who = find_settings(), actor(by, why)
    with Reader(settings) as reader:
        desk = Desk(settings, reader)
        case = find_case(desk.cases(), letter)
        original = desk.captured(case.letter)
        told = _told(set_ or [], empty or []) or _typed_in(desk, case, original, who)
        number = edits_of(case.decisions, original.event["edit"])
        parcel = changed(desk, case.letter, original, edited(original, told, edit=number))
        proposal = rehearse(desk, [Plan(case, parcel, ", ".join(told))])
        if _agreed(proposal, case.letter["entity"], lang, yes=yes, dry_run=dry_run):
            carry_out(desk, proposal, "edit", who)
            _tell_sent(proposal, lang)


@dead_letters.command()
def retry(  # noqa: PLR0913, PLR0917 - the options of a command
    why: Why,
    letter: _OptionalId = "",
    group: _Group = "",
    by: By = "",
    yes: _Yes = False,  # noqa: FBT002
    dry_run: _DryRun = False,  # noqa: FBT002
    lang: _Language = Language.vi,
) -> None:
    """Have letters processed again as they are: one, or a whole group once its mapping was mended.

    What would fail again stays; what a later state has overtaken is closed and not sent.

    Example: lienthong dead-letters retry --group 3fa2b1 --why "đã sửa định dạng ngày trong cấu hình"
    """
    settings, who = find_settings(), actor(by, why)
    with Reader(settings) as reader:
        desk = Desk(settings, reader)
        plans, entity = _plans(desk, _chosen(desk.cases(), letter, group))
        proposal = rehearse(desk, plans)
        if _agreed(proposal, entity, lang, yes=yes, dry_run=dry_run):
            carry_out(desk, proposal, "retry", who)
            _tell_sent(proposal, lang)


@dead_letters.command()
def discard(why: Why, letter: _OptionalId = "", group: _Group = "", by: By = "", lang: _Language = Language.vi) -> None:
    """Close letters of which nothing is to come, and keep why.

    Example: lienthong dead-letters discard 5d41402abc4b --why "bản ghi thử"
    """
    settings, who = find_settings(), actor(by, why)
    with Reader(settings) as reader:
        desk = Desk(settings, reader)
        chosen = _chosen(desk.cases(), letter, group)
        letters = [case.letter for case in chosen]
        keep(settings, [decision("discard", e["id"], who, system=e["system"], entity=e["entity"]) for e in letters])
    screen.print(f"[green]✔[/] {say(lang, 'discarded_now', count=lang.number(len(chosen)))}")


def _chosen(cases: Sequence[Case], letter: str, group: str) -> list[Case]:
    """One, or the open ones of a group, the oldest first. Raises ConsoleError."""
    if bool(letter) == bool(group):
        raise ConsoleError("choosing dead letters: name one by its id, or a group with --group")
    if letter:
        return [find_case(cases, letter)]
    return [case for case in reversed(find_group(cases, group).cases) if case.standing is Standing.open]


def _plans(desk: Desk, cases: Sequence[Case]) -> tuple[list[Plan], str]:
    """With the entity. What cannot be sent is told, one by one, and left out."""
    plans = []
    for case in cases:
        try:
            plans.append(Plan(case, again(desk, case.letter)))
        except ConsoleError as error:
            if len(cases) == 1:
                raise
            troubles.print(str(error))
    return plans, cases[0].letter["entity"] if cases else ""


def _told(set_: Sequence[str], empty: Sequence[str]) -> dict[str, str | None]:
    told: dict[str, str | None] = dict.fromkeys(empty)
    for each in set_:
        column, separator, value = each.partition("=")
        if not separator:
            raise ConsoleError("editing an event: write --set column=value, or --empty column")
        told[column.strip()] = value
    return told


def _typed_in(desk: Desk, case: Case, original: Captured, who: Actor) -> dict[str, str | None]:
    """What somebody changes in $EDITOR, who thereby sees the row. Raises ConsoleError."""
    row = original.event["after"] or {}
    _note_reveal(desk, case, who)
    text = open_editor(orjson.dumps(row, default=str, option=orjson.OPT_INDENT_2).decode(), extension=".json")
    try:
        found = orjson.loads(text) if text else row
    except orjson.JSONDecodeError as error:
        raise ConsoleError(f"reading the edited row: {error}; nothing was done") from None
    changed_columns = [column for column in found if found[column] != row.get(column)]
    if not changed_columns:
        raise ConsoleError("editing an event: nothing was changed, and nothing was done")
    return {column: None if found[column] is None else str(found[column]) for column in changed_columns}


def _show_row(desk: Desk, case: Case, captured: Captured, language: Language, *, revealed: bool) -> None:
    event = captured.event
    row = event["after"]
    if row is None:
        screen.print(say(language, "gone"))
    entity = case.letter["entity"]
    mapped = desk.publication(event, entity).fields.items()
    fields = {each.column: field_word(entity, field, language) for field, each in mapped}
    screen.print(row_view(row or event["before"] or {}, fields, language, revealed=revealed))


def _note_reveal(desk: Desk, case: Case, who: Actor) -> None:
    letter = case.letter
    keep(desk.settings, [decision("reveal", letter["id"], who, system=letter["system"], entity=letter["entity"])])


def _agreed(proposal: Proposal, entity: str, language: Language, *, yes: bool, dry_run: bool) -> bool:
    """Shows what would change, and asks. Raises Exit with code 1 where nothing can be sent."""
    if entity:
        screen.print(proposal_view(proposal, entity, language))
    if dry_run:
        screen.print(say(language, "dry"), style="dim")
        return False
    if not proposal.sound and not proposal.overtaken:
        screen.print(say(language, "nothing_to_send"))
        raise typer.Exit(1 if proposal.refused else 0)
    return yes or typer.confirm(say(language, "ask"))


def _tell_sent(proposal: Proposal, language: Language) -> None:
    counts = {"count": language.number(len(proposal.sound)), "closed": language.number(len(proposal.overtaken))}
    screen.print(f"[green]✔[/] {say(language, 'sent', **counts)}")
