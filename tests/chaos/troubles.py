"""What happens to processes and wires while people go on working: kills, freezes, cuts, and processes that are away."""

import random
import threading
from collections.abc import Callable

from tests.chaos.five_city import PROCESSES, FiveCity


class Troubles:
    """One after another, from `begin` to `end`; every decision comes from `chance`. `seen`: what was done."""

    def __init__(self, city: FiveCity, chance: random.Random, *, longest: float) -> None:
        """`longest`: seconds that something may be frozen, cut off or away."""
        self._city = city
        self._chance = chance
        self._longest = longest
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="troubles", daemon=True)
        self.seen: list[str] = []

    def begin(self) -> None:
        """Now."""
        self._thread.start()

    def end(self) -> None:
        """The one that is under way is mended first."""
        self._stop.set()
        self._thread.join(self._longest + 30)
        assert not self._thread.is_alive(), f"the last trouble does not end: {self.seen[-1]}"

    def _run(self) -> None:
        kinds: tuple[Callable[[], None], ...] = (self._kill, self._freeze, self._cut_off, self._send_away)
        while not self._stop.wait(self._chance.uniform(0.3, 2.0)):
            self._chance.choice(kinds)()

    def _kill(self) -> None:
        name = self._victim("kill")
        self._city.processes[name].kill()

    def _freeze(self) -> None:
        name = self._victim("freeze")
        self._city.processes[name].freeze()
        self._wait()
        self._city.processes[name].thaw()

    def _cut_off(self) -> None:
        system = self._chance.choice(list(self._city.gates))
        self.seen.append(f"cut off {system}")
        self._city.gates[system].shut()
        self._wait()
        self._city.gates[system].open()

    def _send_away(self) -> None:
        name = self._victim("stop")
        self._city.processes[name].stop()
        self._wait()
        self._city.start(name)

    def _victim(self, what: str) -> str:
        name = self._chance.choice(PROCESSES)
        self.seen.append(f"{what} {name}")
        return name

    def _wait(self) -> None:
        self._stop.wait(self._chance.uniform(0.5, self._longest))
