"""`lienthong wait-ready`: returns when the city is filled."""

import time
from typing import Annotated

import typer

from console.applied import applied_catalogue
from console.errors import ConsoleError, Unanswered
from console.live_line import LiveLine
from console.observing import Observer
from console.progress import Obstacle, obstacles, subscribers
from console.reading import Reader
from console.screen import screen
from console.surroundings import find_settings
from schemas.catalogue import CatalogueError
from schemas.settings import Settings

_LOOK_SECONDS = 0.5


def wait_ready(
    timeout: Annotated[float, typer.Option(min=0, help="Seconds to wait before giving up.")] = 120.0,
) -> None:
    """Wait until everybody is at work and nothing waits for a worker or a sink; exit 1 with the reason if not in time.

    Example: lienthong wait-ready --timeout 60
    """
    settings = find_settings()
    started = time.monotonic()
    with Reader(settings) as reader, LiveLine() as progress:
        waiting = _Waiting(settings, reader)
        while found := waiting.look():
            progress.show(waiting.line or found[0].problem)
            if time.monotonic() - started > timeout:
                raise ConsoleError(_explanation(found, timeout))
            time.sleep(_LOOK_SECONDS)
    screen.print(f"[green]✔[/] ready after {time.monotonic() - started:.1f} s: {waiting.line or 'nothing to deliver'}")


class _Waiting:
    """Looks at the city as often as asked; what cannot be read yet is an obstacle like others."""

    def __init__(self, settings: Settings, reader: Reader) -> None:
        self._settings = settings
        self._reader = reader
        self._observer = Observer(settings, reader)
        self.line = ""

    def look(self) -> list[Obstacle]:
        """What keeps the city from being ready now.

        What has just been delivered to a system that publishes, too, may come back: it is ready when nothing has
        arrived anywhere since the last look.
        """
        try:
            catalogue = applied_catalogue(self._settings, self._reader)
            picture = self._observer.look(catalogue)
        except (Unanswered, CatalogueError) as error:
            return [Obstacle(str(error), "")]
        each, before = subscribers(catalogue, picture), self.line
        self.line = ", ".join(f"{found.system} {found.done:,} of {found.expected:,}" for found in each)
        found = list(obstacles(catalogue, picture, now=time.time()))
        return found if found or self.line == before else [Obstacle("deliveries have just arrived", "wait a little")]


def _explanation(found: list[Obstacle], timeout: float) -> str:
    lines = [f"  {each.problem}" + (f"; {each.remedy}" if each.remedy else "") for each in found]
    return "\n".join([f"waiting for the city: not ready after {timeout:g} s", *lines])
