"""`lienthong reconcile`: what a system's tables really hold, held against what they should hold."""

import re
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from typing import Annotated, Any, Final

import typer
from rich.text import Text

from connectors.errors import ConnectorsError
from console.applied import applied_catalogue
from console.drift_metrics import DRIFT, FAILED, MENDED, RECONCILED, SECONDS
from console.drift_view import Reported, drift_view
from console.drift_words import drift_word
from console.errors import ConsoleError
from console.live_line import LiveLine
from console.reading import Reader
from console.reconciling.expectation import Matter
from console.reconciling.looks import KINDS, Drift, Found
from console.reconciling.mend import mend, mendable
from console.reconciling.opening import is_readable, opened, pause_of
from console.screen import screen, troubles
from console.surroundings import find_settings
from console.words import Language
from schemas.catalogue import Catalogue
from schemas.errors import SchemasError
from schemas.probes import serve
from schemas.settings import Settings

_SPAN: Final = re.compile(r"([1-9]\d*)([smhd])")
_SECONDS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86400}


@dataclass(frozen=True, slots=True)
class _How:
    language: Language
    shows_all: bool
    shows_values: bool
    mends: bool
    asks: bool

    def word(self, name: str, **values: object) -> str:
        told = {each: self.language.number(v) if isinstance(v, int) else v for each, v in values.items()}
        return drift_word(self.language, name, **told)


def reconcile(  # noqa: PLR0913, PLR0917 - what can be asked for on one line
    system: Annotated[list[str] | None, typer.Argument(help="ids of systems that receive; without any: all")] = None,
    repair: Annotated[bool, typer.Option("--repair", help="Send what is wrong again, after a question.")] = False,  # noqa: FBT002
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,  # noqa: FBT002
    every: Annotated[str | None, typer.Option(help="Do it again and again, e.g. 1h, and serve metrics.")] = None,
    show_all: Annotated[bool, typer.Option("--all", help="Show every row that is wrong.")] = False,  # noqa: FBT002
    show_values: Annotated[bool, typer.Option("--show-values", help="Show identifiers whole.")] = False,  # noqa: FBT002
    lang: Annotated[Language, typer.Option(help="vi: tiếng Việt; en: English.")] = Language.vi,
) -> None:
    """Read back what systems hold and compare it with what they should hold, while everything flows; exit 1 on drift.

    What is just on its way is no drift. With --repair, or where the manifest says `on_drift: repair`, whoever owns a
    key sends it again by the usual way. With --every, metrics are served at LIENTHONG_METRICS_PORT.

    Example: lienthong reconcile dan_cu --repair
    """
    settings, how = find_settings(), _How(lang, show_all, show_values, repair, not yes)
    if every is not None:
        _keep_on(settings, system or [], how, seconds=_span(every))
    if _reconcile_all(settings, system or [], how):
        raise typer.Exit(1)


def _keep_on(settings: Settings, systems: Sequence[str], how: _How, *, seconds: int) -> None:
    """Until the process is ended. What cannot be reconciled now is tried again the next time."""
    if how.mends and how.asks:
        raise ConsoleError(
            "repairing again and again: nobody would answer the question; add --yes, or write `on_drift: repair` into "
            "the manifests of the subscriptions that are to be mended by themselves"
        )
    serve(settings, troubles=dict)
    while True:
        started = time.monotonic()
        with _told_and_counted(""):
            _reconcile_all(settings, systems, how, guard=_told_and_counted)
        time.sleep(max(0.0, seconds - (time.monotonic() - started)))


@contextmanager
def _told_and_counted(system: str) -> Iterator[None]:
    """What went wrong is no reason to stop."""
    try:
        yield
    except (ConsoleError, SchemasError, ConnectorsError) as error:
        FAILED.labels(system).inc()
        troubles.print(Text.assemble(("✖ ", "red"), str(error)), soft_wrap=True)


def _reconcile_all(
    settings: Settings,
    systems: Sequence[str],
    how: _How,
    *,
    guard: Callable[[str], AbstractContextManager[None]] = lambda _: nullcontext(),
) -> int:
    """How many rows are still wrong in the end. `guard` is around what is done for each system."""
    left = 0
    with Reader(settings) as reader:
        catalogue = applied_catalogue(settings, reader)
        for system in _receiving(catalogue, systems):
            with guard(system):
                for matter in _matters(settings, reader, catalogue, system, how):
                    left += len(_reconcile(matter, how))
    return left


def _receiving(catalogue: Catalogue, systems: Sequence[str]) -> list[str]:
    known = [system for system, manifest in catalogue.manifests.items() if manifest.subscribes]
    unknown = [system for system in systems if system not in known]
    if unknown:
        raise ConsoleError(f"reconciling {unknown[0]}: no such system receives; there are {', '.join(known)}")
    return list(systems) or known


def _matters(settings: Settings, reader: Reader, catalogue: Catalogue, system: str, how: _How) -> Iterator[Matter]:
    """Every subscription of the system; none, and a word why, where it cannot be read back."""
    manifest = catalogue.manifest(system)
    if is_readable(catalogue, system):
        for entity in manifest.subscribes:
            yield Matter(settings, reader, catalogue, system, entity)
    else:
        screen.print(Text("– " + how.word("unreadable", system=system, kind=manifest.kind), style="dim"))


def _reconcile(matter: Matter, how: _How) -> list[Drift]:
    """What is still wrong in the end."""
    started, line = time.monotonic(), LiveLine()
    with opened(matter, lambda what: line.show(how.word("waiting", what=what))) as looker:
        with line:
            found = looker.look(pause=pause_of(matter))
        seconds = time.monotonic() - started
        screen.print(drift_view(_report(matter, how, found, seconds)))
        left = found.drifts
        if (wrong := mendable(left)) and _is_to_be_mended(matter, how, len(wrong)):
            with line:
                still = mend(matter, looker, wrong)
            left = [*still, *(each for each in left if each.kind == "refused")]
            _tell_mended(how, len(wrong) - len(still), len(still))
    _measure(matter, found, left, seconds)
    return left


def _is_to_be_mended(matter: Matter, how: _How, count: int) -> bool:
    if matter.subscription.on_drift == "repair":
        screen.print(how.word("by_policy"))
        return True
    if not how.mends:
        screen.print(Text(how.word("how", system=matter.system), style="dim"))
        return False
    return not how.asks or typer.confirm(how.word("question", count=count, system=matter.system))


def _tell_mended(how: _How, mended: int, left: int) -> None:
    screen.print(Text.assemble(("✔ ", "green"), how.word("mended", count=mended)))
    if left:
        screen.print(Text.assemble(("✖ ", "red"), how.word("left", count=left)))


def _measure(matter: Matter, found: Found, left: Sequence[Drift], seconds: float) -> None:
    labels = (matter.system, matter.entity)
    for kind in KINDS:
        DRIFT.labels(*labels, kind).set(sum(each.kind == kind for each in left))
    MENDED.labels(*labels).inc(len(found.drifts) - len(left))
    SECONDS.labels(*labels).set(seconds)
    RECONCILED.labels(*labels).set_to_current_time()


def _report(matter: Matter, how: _How, found: Found, seconds: float) -> Reported:
    shown: dict[str, Any] = {"mask": lambda value, _: value, "mask_key": str} if how.shows_values else {}
    named = (matter.system, matter.entity, matter.subscription)
    return Reported(*named, found, seconds, how.language, how.shows_all, **shown)


def _span(text: str) -> int:
    found = _SPAN.fullmatch(text)
    if found is None:
        raise ConsoleError(f"reconciling every {text!r}: write a number and s, m, h or d, e.g. 1h")
    return int(found[1]) * _SECONDS[found[2]]
