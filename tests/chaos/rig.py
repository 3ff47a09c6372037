"""The five systems with every process rigged: it can be made to die at a named point, and its clock to be wrong."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from deploy.embedded.kafka import Kafka
from deploy.embedded.postgres import Postgres
from tests.chaos.five_city import PROCESSES, FiveCity, five_city
from tests.chaos.rigged import POINTS, kind_of


class RiggedCity(FiveCity):
    """See rigged.py."""

    @property
    def notes(self) -> Path:
        """Where the processes look for what is to happen to them."""
        folder = self.home / "rig"
        folder.mkdir(exist_ok=True)
        return folder

    def argv(self, name: str) -> list[str]:
        """See City."""
        python, dash_m, *rest = super().argv(name)
        assert (python, dash_m) == (sys.executable, "-m")
        return [python, dash_m, "tests.chaos.rigged", str(self.notes), name, *rest]

    def kill_at(self, name: str, point: str, *, seconds: float) -> bool:
        """Have a process die there. False when it did not come by in time."""
        note = self._note(name, "point")
        passing = note.with_suffix(".new")
        passing.write_text(point)
        passing.rename(note)
        deadline = time.monotonic() + seconds
        while note.exists():
            if time.monotonic() > deadline:
                note.unlink(missing_ok=True)
                return False
            time.sleep(0.05)
        return True

    def set_clock(self, name: str, seconds: float) -> None:
        """By so much a process's clock is ahead, from now on."""
        note = self._note(name, "clock")
        passing = note.with_suffix(".passing")
        passing.write_text(str(seconds))
        passing.rename(note)

    def _note(self, name: str, kind: str) -> Path:
        return self.notes / f"{name.replace('/', '-')}.{kind}"


def named_points() -> dict[str, list[str]]:
    """By point, the processes that come by there."""
    found: dict[str, list[str]] = {}
    for name in PROCESSES:
        for doing in POINTS[kind_of(name)]:
            for when in ("before", "after"):
                found.setdefault(f"{kind_of(name)}: {when} {doing}", []).append(name)
    return found


@contextmanager
def rigged_city(kafka: Kafka, postgres: Postgres, registry: str, home: Path) -> Iterator[RiggedCity]:
    """See five_city."""
    with five_city(kafka, postgres, registry, home, kind=RiggedCity) as city:
        assert isinstance(city, RiggedCity)
        yield city
