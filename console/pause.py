"""`lienthong pause` and `lienthong resume`: one system rests, nothing is lost, and everybody else goes on."""

import time
from typing import Annotated, Final

import typer

from connectors.pauses import pause as ask_for_pause
from connectors.pauses import resume as ask_to_go_on
from console.applied import applied_catalogue
from console.decisions import Actor, By, Why, actor, decision, keep
from console.decoding import PATIENCE_SECONDS
from console.errors import ConsoleError
from console.freshness import SILENCE_SECONDS
from console.last_word import LastWord
from console.live_line import LiveLine
from console.observing import ROLES
from console.pause_words import say
from console.reading import Reader
from console.screen import screen
from console.surroundings import find_settings
from console.words import Language
from schemas.catalogue import Catalogue
from schemas.records import Action, ConnectorState, Direction, Pause
from schemas.registry import Registry
from schemas.settings import Settings

_OBEYED_SECONDS: Final = 15.0
_LOOK_SECONDS: Final = 0.25

_System = Annotated[str, typer.Argument(help="id of a system")]
_Publishing = Annotated[bool, typer.Option("--publishing", help="Only what it publishes.")]
_Receiving = Annotated[bool, typer.Option("--receiving", help="Only what it receives.")]
_Language = Annotated[Language, typer.Option(help="vi: tiếng Việt; en: English.")]


def pause(  # noqa: PLR0913, PLR0917 - the options of a command
    system: _System,
    why: Why,
    by: By = "",
    publishing: _Publishing = False,  # noqa: FBT002
    receiving: _Receiving = False,  # noqa: FBT002
    lang: _Language = Language.vi,
) -> None:
    """Have a system rest: its connectors end what they are at, let go of it, and wait until it is resumed.

    What it changes meanwhile is read afterwards, what it is owed waits in Kafka, deletes included. It stays
    paused over restarts. A PostgreSQL keeps its WAL for us meanwhile: do not forget it.

    Example: lienthong pause ho_tich --why "chuyển máy chủ"
    """
    _decide("pause", system, _wanted(publishing=publishing, receiving=receiving), actor(by, why), lang)


def resume(  # noqa: PLR0913, PLR0917 - the options of a command
    system: _System,
    why: Why,
    by: By = "",
    publishing: _Publishing = False,  # noqa: FBT002
    receiving: _Receiving = False,  # noqa: FBT002
    lang: _Language = Language.vi,
) -> None:
    """Have a paused system go on where it was.

    Example: lienthong resume ho_tich --why "đã chuyển xong"
    """
    _decide("resume", system, _wanted(publishing=publishing, receiving=receiving), actor(by, why), lang)


def _wanted(*, publishing: bool, receiving: bool) -> list[Direction]:
    chosen: list[Direction] = []
    chosen += ["publishing"] if publishing else []
    chosen += ["receiving"] if receiving else []
    return chosen or ["publishing", "receiving"]


def _decide(action: Action, system: str, wanted: list[Direction], who: Actor, language: Language) -> None:
    settings = find_settings()
    with Reader(settings) as reader:
        directions = directions_of(applied_catalogue(settings, reader), system, wanted)
        keep(settings, [decision(action, f"{system}/{each}", who, system=system) for each in directions])
        for each in directions:
            _ask(settings, action, system, each, who)
        for each in directions:
            word = LastWord(settings, reader, f"{ROLES[each]}/{system}")
            _await(word, action, f"{system} ({language.word(ROLES[each])})", language)


def directions_of(catalogue: Catalogue, system: str, wanted: list[Direction]) -> list[Direction]:
    """Those of the wanted that the system has. Raises ConsoleError where there is none."""
    manifest = catalogue.manifests.get(system)
    if manifest is None:
        known = ", ".join(catalogue.manifests)
        raise ConsoleError(f"looking for {system} in the catalogue: it is not there; there are {known}")
    has: dict[Direction, bool] = {"publishing": bool(manifest.publishes), "receiving": bool(manifest.subscribes)}
    found = [each for each in wanted if has[each]]
    if not found:
        other = "receiving" if wanted == ["publishing"] else "publishing"
        raise ConsoleError(f"{system} has no part in {wanted[0]}: it is only {other}; see its manifest")
    return found


def _ask(settings: Settings, action: Action, system: str, direction: Direction, who: Actor) -> None:
    if action == "resume":
        ask_to_go_on(settings.kafka, system=system, direction=direction)
        return
    told = Pause(system=system, direction=direction, by=who.by, why=who.why, time=time.time_ns() // 1000)
    ask_for_pause(settings.kafka, Registry(settings.registry, patience=PATIENCE_SECONDS), told)


def _await(word: LastWord, action: Action, who: str, language: Language) -> None:
    """Until the connector says that it rests, or no longer does. The wish stands in any case."""
    until = time.monotonic() + _OBEYED_SECONDS
    with LiveLine() as line:
        while time.monotonic() < until:
            state = word.last()
            if not _runs(state):
                screen.print(say(language, f"{action}_later", who=who))
                return
            if state is not None and (state["phase"] == "paused") is (action == "pause"):
                screen.print(f"[green]✔[/] {say(language, f'{action}d', who=who)}")
                return
            line.show(say(language, "waiting", who=who))
            time.sleep(_LOOK_SECONDS)
    screen.print(say(language, f"{action}_slow", who=who))


def _runs(state: ConnectorState | None) -> bool:
    if state is None or state["phase"] == "stopped":
        return False
    return time.time() - state["time"] / 1e6 <= SILENCE_SECONDS
