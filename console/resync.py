"""`lienthong resync`: a source reads its tables anew, while changes go on flowing."""

import time
from collections.abc import Sequence
from typing import Annotated

import typer

from connectors.resync_requests import ALL, ask, is_done
from console.applied import applied_catalogue
from console.decoding import PATIENCE_SECONDS
from console.errors import ConsoleError
from console.freshness import SILENCE_SECONDS
from console.last_word import LastWord
from console.live_line import LiveLine
from console.reading import Reader
from console.screen import screen
from console.surroundings import find_settings
from schemas.catalogue import Catalogue
from schemas.records import ConnectorState, Resync, ResyncRequest
from schemas.registry import Registry

_LOOK_SECONDS = 0.5


def resync(
    system: Annotated[str, typer.Argument(help="id of a system that publishes")],
    table: Annotated[
        list[str] | None, typer.Option(help="Only this table, e.g. public.cong_dan; may be repeated.")
    ] = None,
    rate: Annotated[int, typer.Option(min=0, help="Rows per second at most; 0: as changes leave room.")] = 0,
    wait: Annotated[bool, typer.Option(help="Stay until it is done. The request stands in any case.")] = True,  # noqa: FBT002
) -> None:
    """Have a system's tables read anew, a part at a time, while changes flow; what is not there any more disappears.

    Nothing stops meanwhile, and it goes on after a restart of the source. Asked again while it is under way, this
    follows it and does not begin anew.

    Example: lienthong resync ho_tich --table public.cong_dan --rate 2000
    """
    settings = find_settings()
    with Reader(settings) as reader:
        _check(applied_catalogue(settings, reader), system, table or [])
        words = LastWord(settings, reader, f"source/{system}")
        resources = table or [ALL]
        under_way = _under_way(words.last(), system, resources)
        registry = Registry(settings.registry, patience=PATIENCE_SECONDS)
        requests = [
            under_way.get(resource) or ask(settings.kafka, registry, system=system, resource=resource, rate=rate)
            for resource in resources
        ]
        if wait:
            _wait(words, requests)
        else:
            screen.print("asked; see how far it has come with `lienthong status`")


def _check(catalogue: Catalogue, system: str, tables: Sequence[str]) -> None:
    publishing = [known for known, manifest in catalogue.manifests.items() if manifest.publishes]
    if system not in publishing:
        raise ConsoleError(f"reading {system} anew: no such system publishes; there are {', '.join(publishing)}")
    known = catalogue.manifests[system].resources()
    for table in tables:
        if table not in known:
            raise ConsoleError(f"reading {table} of {system} anew: it is not published; there are {', '.join(known)}")


def _under_way(state: ConnectorState | None, system: str, resources: Sequence[str]) -> dict[str, ResyncRequest]:
    """By what was asked for, requests that the source is working on."""
    known = state["resync"] if state else None
    if known is None:
        return {}
    taken = {resource: known["taken"].get(resource, "") for resource in resources}
    return {
        resource: ResyncRequest(id=request, system=system, resource=resource, rate=0, time=0)
        for resource, request in taken.items()
        if request in known["answers"]
    }


def _wait(words: LastWord, requests: Sequence[ResyncRequest]) -> None:
    started = time.monotonic()
    with LiveLine() as line:
        while True:
            state = words.last()
            known = state["resync"] if state else None
            if all(is_done(request, known) for request in requests):
                break
            line.show(_line(state, requests, now=time.time()))
            time.sleep(_LOOK_SECONDS)
    screen.print(f"[green]✔[/] read anew after {time.monotonic() - started:.1f} s")


def _line(state: ConnectorState | None, requests: Sequence[ResyncRequest], *, now: float) -> str:
    system = requests[0]["system"]
    if state is None or (state["phase"] == "stopped" or now - state["time"] / 1e6 > SILENCE_SECONDS):
        return f"the source of {system} does not run; it will read anew once it is started"
    known = state["resync"]
    taken = known["taken"] if known else {}
    if known is None or any(taken.get(request["resource"]) != request["id"] for request in requests):
        return f"the source of {system} is in phase {state['phase']} and has not taken it up yet"
    return progress(known)


def progress(known: Resync) -> str:
    """How far it has come: `public.cong_dan: 120,000 of about 500,000 rows; 2 tables left`."""
    if not known["resource"]:
        return "the whole snapshot goes on"
    expected = f" of about {known['expected']:,}" if known["expected"] else ""
    return f"{known['resource']}: {known['rows']:,}{expected} rows; {known['left']} tables left"
