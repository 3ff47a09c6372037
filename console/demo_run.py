"""The demo, played: makes each change, commits it, and prints every stage as it is reached."""

import time
from collections.abc import Callable
from contextlib import ExitStack
from datetime import date
from typing import TypeVar

import psycopg
from rich.text import Text

from console.applied import applied_catalogue
from console.demo_acts import Act, Stage, correct_name, give_number, register_birth, register_death
from console.demo_cast import Cast, Side, find_cast
from console.demo_eyes import open_eye
from console.demo_people import living_people
from console.demo_table import connected
from console.demo_watch import Watch
from console.errors import ConsoleError
from console.reading import Reader
from console.screen import screen
from console.surroundings import find_settings
from console.words import Language
from schemas.records import Row
from schemas.secret_references import resolve
from schemas.settings import Settings

Made = TypeVar("Made")


def run(*, timeout: float, language: Language) -> None:
    """Raises ConsoleError when a change did not arrive in time: which stage did not happen, and where to look."""
    settings = find_settings()
    with Reader(settings) as reader, ExitStack() as opened:
        cast = find_cast(applied_catalogue(settings, reader))
        stage = _set_up(cast, settings, language, opened)
        _Play(stage, reader, timeout).run()


def _set_up(cast: Cast, settings: Settings, language: Language, opened: ExitStack) -> Stage:
    def connect(side: Side) -> psycopg.Connection[Row]:
        dsn = resolve(side.manifest.connect, folder=settings.secrets)["dsn"]
        return opened.enter_context(connected(side.system, dsn))

    eyes = {}
    for audience in cast.audiences:
        eyes[audience] = eye = open_eye(audience.manifest, audience.subscription, secrets=settings.secrets)
        opened.callback(eye.close)
    return Stage(cast, connect(cast.register), connect(cast.authority), eyes, language, date.today())


class _Play:
    """One performance."""

    def __init__(self, stage: Stage, reader: Reader, timeout: float) -> None:
        self._stage, self._reader, self._timeout = stage, reader, timeout
        self._slowest, self._acts, self._systems = 0.0, 0, set[str]()

    def run(self) -> None:
        """All acts, one after the other."""
        stage = self._stage
        people = living_people(stage.cast, stage.register, stage.eyes)
        (renamed, of_renamed), (dying, of_dying), (parent, _) = next(people), next(people), next(people)
        child = self._show(lambda: register_birth(stage, parent))
        self._show(lambda: (give_number(stage, child), None))
        self._show(lambda: (correct_name(stage, renamed, of_renamed, other=parent), None))
        self._show(lambda: (register_death(stage, dying, of_dying), None))
        slowest = f"{self._slowest * 1000:,.0f}"
        told = stage.say("all", count=self._acts, systems=len(self._systems), slowest=slowest)
        screen.print(Text(told, style="green"))

    def _show(self, make: Callable[[], tuple[Act, Made]]) -> Made:
        watch = Watch(self._reader, self._stage.cast)
        act, made = make()
        self._acts += 1
        place = self._stage.say("done_in", system=act.side.manifest.title(self._stage.language.value))
        screen.print(Text.assemble((f"{self._acts}. {act.title}", "bold"), (f"  {place}", "dim")))
        connection = self._stage.register if act.side == self._stage.cast.register else self._stage.authority
        # Taken before the commit is sent: nothing can look faster than it was.
        committed = time.perf_counter()
        connection.commit()
        self._print(time.perf_counter() - committed, "committed", f"{act.side.system} {act.places}")
        ahead = {("captured", topic) for topic, _ in act.captured}
        ahead |= {(s, e.audience.system) for e in act.expected for s in ("routed", "arrived")}
        for sight in watch.sights(act, self._stage.eyes, committed=committed, timeout=self._timeout):
            self._print(sight.seconds, sight.stage, sight.place)
            ahead.discard((sight.stage, sight.of if isinstance(sight.of, str) else sight.of.system))
            self._slowest = max(self._slowest, sight.seconds)
        if ahead:
            raise ConsoleError(_explanation(act, ahead, self._timeout))
        self._systems |= {expected.audience.system for expected in act.expected}
        return made

    def _print(self, seconds: float, stage: str, place: str) -> None:
        word, style = self._stage.say(stage), "" if stage == "arrived" else "dim"
        line = Text.assemble((f"{seconds * 1000:8,.0f} ms  ", "cyan"), f"{word:<10}", (place, style))
        screen.print(line, soft_wrap=True)


def _explanation(act: Act, ahead: set[tuple[str, str]], timeout: float) -> str:
    source, told = act.side.system, [f"the change was committed, but not everything happened within {timeout:g} s:"]
    if "captured" in {stage for stage, _ in ahead}:
        told.append(
            f"  not captured: the source of {source} did not publish it; is it running, and past its snapshot? "
            "See `lienthong status` and the log of its source connector"
        )
    for stage, system in sorted(ahead):
        if stage == "routed":
            told.append(
                f"  not routed to {system}: do the workers run? "
                "See `lienthong status`, `lienthong dead-letters list` and the logs of the workers"
            )
        elif stage == "arrived":
            told.append(
                f"  not arrived in {system}: is its sink running, and can it reach the system? "
                "See `lienthong status`, `lienthong dead-letters list` and the log of its sink connector"
            )
    return "\n".join(told)
