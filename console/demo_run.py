"""The demo, played: makes a change, commits it, and prints every stage as it is reached."""

import time
from collections.abc import Callable, Iterator
from datetime import date
from functools import partial

import psycopg
from rich.text import Text

from console.applied import applied_catalogue
from console.demo_changes import Made, correct_name, living_people, register_birth, register_death
from console.demo_route import Route, find_route
from console.demo_table import connected
from console.demo_watch import STAGES, Watch, expected_in_target
from console.errors import ConsoleError
from console.masking import masked_key
from console.reading import Reader
from console.screen import screen
from console.surroundings import find_settings
from schemas.catalogue import Catalogue
from schemas.records import Row
from schemas.settings import Settings

_ENTITY = "person"


def run(*, source: str | None, target: str | None, timeout: float) -> None:
    """Raises ConsoleError when a change did not arrive in time: which stage did not happen, and where to look."""
    settings = find_settings()
    with Reader(settings) as reader:
        catalogue = applied_catalogue(settings, reader)
        route = find_route(catalogue, _ENTITY, source=source, target=target)
        _play(route, reader, catalogue, settings, timeout)


def _play(route: Route, reader: Reader, catalogue: Catalogue, settings: Settings, timeout: float) -> None:
    source_manifest, target_manifest = catalogue.manifest(route.source), catalogue.manifest(route.target)
    with (
        connected(source_manifest, secrets=settings.secrets) as source,
        connected(target_manifest, secrets=settings.secrets) as target,
    ):
        target.autocommit = True
        slowest = 0.0
        for make in _changes(route, source, target):
            slowest = max(slowest, _show(Watch(reader, route, target), route, source, make, timeout))
    screen.print(Text(f"✔ All three changes arrived; the slowest took {slowest * 1000:,.0f} ms.", style="green"))


def _changes(
    route: Route, source: psycopg.Connection[Row], target: psycopg.Connection[Row]
) -> Iterator[Callable[[], Made]]:
    people = living_people(route, source, target)
    renamed, dying, parent = next(people), next(people), next(people)
    today = date.today()
    yield partial(correct_name, route, source, renamed, parent)
    yield partial(register_death, route, source, dying, today=today)
    yield partial(register_birth, route, source, parent, today=today)


def _show(
    watch: Watch, route: Route, source: psycopg.Connection[Row], make: Callable[[], Made], timeout: float
) -> float:
    made = make()
    expected = expected_in_target(route, made.fields, route.expected(made.person.entity))
    screen.print(Text.assemble((made.title, "bold"), (f"  {masked_key(made.person.key)}", "dim")))
    # Taken before the commit is sent: nothing can look faster than it was.
    committed = time.perf_counter()
    source.commit()
    _print_step(time.perf_counter() - committed, "committed", f"{route.source} {route.publication.resource}")
    reached, seconds = 0, 0.0
    for step in watch.steps(made.person.key, expected, committed=committed, timeout=timeout):
        _print_step(step.seconds, step.stage, step.place)
        reached, seconds = reached + 1, step.seconds
    if reached < len(STAGES):
        raise ConsoleError(_explanation(STAGES[reached], route, timeout))
    return seconds


def _print_step(seconds: float, stage: str, place: str) -> None:
    screen.print(
        Text.assemble((f"{seconds * 1000:8,.0f} ms  ", "cyan"), f"{stage:<10}", (place, "dim")), soft_wrap=True
    )


def _explanation(stage: str, route: Route, timeout: float) -> str:
    where = {
        "captured": f"the source of {route.source} did not publish it: is it running, and past its snapshot? "
        "See `lienthong status` and the log of its source connector",
        "routed": f"no worker passed it on to {route.target}: do the workers run? "
        "See `lienthong status`, `lienthong dead-letters list` and the logs of the workers",
        "arrived": f"the sink of {route.target} did not write it: is it running, and can it reach its database? "
        "See `lienthong status`, `lienthong dead-letters list` and the log of its sink connector",
    }
    return f"the change was committed, but not {stage} within {timeout:g} s: {where[stage]}"
