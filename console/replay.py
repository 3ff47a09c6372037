"""`lienthong replay`: what was captured is read once more, by today's mapping, without asking its source."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from console.decisions import Actor, By, Why, actor, decision, keep
from console.errors import ConsoleError
from console.mending.barrier import bring_up
from console.mending.desk import Desk
from console.mending.history import History, read_history, unheard
from console.mending.parcels import Parcel, send
from console.mending.proposal_view import changes_view
from console.mending.words import say
from console.reading import Reader
from console.screen import screen
from console.surroundings import find_settings
from console.words import Language


def replay(  # noqa: PLR0913, PLR0917 - the options of a command
    system: Annotated[str, typer.Argument(help="id of a system that publishes")],
    why: Why = "",
    entity: Annotated[str, typer.Option("--entity", help="Only this one, e.g. person.")] = "",
    since: Annotated[datetime | None, typer.Option(help="Only what was captured since, by this clock.")] = None,
    by: By = "",
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask again.")] = False,  # noqa: FBT002
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only tell what would change.")] = False,  # noqa: FBT002
    lang: Annotated[Language, typer.Option(help="vi: tiếng Việt; en: English.")] = Language.vi,
) -> None:
    """Read a system's raw history once more, by its mapping of today; first tell what would change, row by row.

    Of every row the last word goes through the streams again, at its own place in the source's history: it
    overtakes nothing. What Kafka does not hold any more, `lienthong resync` reads from the source.

    Example: lienthong replay ho_tich --since 2026-11-20 --dry-run
    """
    settings, who = find_settings(), None if dry_run else actor(by, why)
    with Reader(settings) as reader:
        desk = Desk(settings, reader)
        for each in _entities(desk, system, entity):
            _replay(desk, system, each, since, who, lang, yes=yes)


def _entities(desk: Desk, system: str, wanted: str) -> list[str]:
    manifest = desk.catalogue.manifests.get(system)
    published = list(manifest.publishes) if manifest is not None else []
    if not published or (wanted and wanted not in published):
        known = [name for name, each in desk.catalogue.manifests.items() if each.publishes]
        told = f"it publishes {', '.join(published)}" if published else f"there are {', '.join(known)}"
        raise ConsoleError(f"replaying {system} {wanted}: nothing like that is published; {told}")
    return [wanted] if wanted else published


def _replay(  # noqa: PLR0913, PLR0917 - one entity's turn
    desk: Desk, system: str, entity: str, since: datetime | None, who: Actor | None, language: Language, *, yes: bool
) -> None:
    asked = since.timestamp() if since is not None else None
    history = read_history(desk, system, entity, since=asked)
    _tell_limits(history, system, asked, language)
    wanted, parcels = unheard(desk, history, entity), list[Parcel]()
    rehearsal = desk.rehearsal(entity)
    for parcel in wanted:
        if not rehearsal.play(parcel.topic, parcel.key.encode(), parcel.value).letters:
            parcels.append(parcel)
    screen.print(changes_view(rehearsal.changes(), entity, language))
    counts = {"rows": len(history.last), "count": len(parcels), "refused": len(wanted) - len(parcels)}
    screen.print(say(language, "replayed", entity=entity, **{k: language.number(v) for k, v in counts.items()}))
    if who is None:
        screen.print(say(language, "dry"), style="dim")
    elif parcels and (yes or typer.confirm(say(language, "ask"))):
        _send(desk, system, entity, parcels, who)
        screen.print(f"[green]✔[/] {say(language, 'replay_sent', count=language.number(len(parcels)))}")


def _send(desk: Desk, system: str, entity: str, parcels: list[Parcel], who: Actor) -> None:
    bring_up(desk, entity, [parcel.key for parcel in parcels])
    detail = f"{len(parcels)} rows by catalogue revision {desk.catalogue.revision}"
    keep(desk.settings, [decision("replay", system, who, system=system, entity=entity, detail=detail)])
    send(desk.settings, parcels)


def _tell_limits(history: History, system: str, asked: float | None, language: Language) -> None:
    if history.begins and (asked is None or asked < history.begins):
        begin = datetime.fromtimestamp(history.begins, UTC).astimezone().strftime("%d/%m/%Y %H:%M")
        screen.print(say(language, "horizon", time=begin, system=system), style="yellow")
    if history.unread:
        screen.print(say(language, "unread", count=language.number(history.unread)), style="yellow")
