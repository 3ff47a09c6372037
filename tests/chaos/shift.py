"""All officers at work at the same time, each in a thread, until so many edits are done."""

import random
import threading
from collections.abc import Mapping

import psycopg

from tests.chaos.desks import SqlDesk
from tests.chaos.officers import ALL, Numbers, Officer


class Shift:
    """`desks` by system. What is decided comes from the seed; upon what, from who was faster."""

    def __init__(self, desks: Mapping[str, SqlDesk], seed: int, *, officers: Mapping[str, type[Officer]] = ALL) -> None:
        self._desks = desks
        self._numbers = Numbers()
        self._officers = {
            system: officers[system](desk, self._numbers, random.Random(f"{seed}/{system}"))
            for system, desk in desks.items()
        }
        self._threads: list[threading.Thread] = []
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self.edits = 0
        self.refused = 0
        self.failed = 0

    def work(self, system: str, edits: int) -> None:
        """One officer alone, here and now."""
        while edits > 0:
            edits -= self._once(system)

    def begin(self, edits: int, *, seconds: float) -> None:
        """All of them, in threads; together so many edits, in about this time or longer."""
        until, pause = self.edits + edits, seconds * len(self._desks) / edits
        for system in self._desks:
            chance = random.Random(system)
            thread = threading.Thread(target=self._until, args=(system, until, pause, chance), daemon=True)
            thread.start()
            self._threads.append(thread)

    @property
    def is_over(self) -> bool:
        """Whether all edits are done."""
        return not any(thread.is_alive() for thread in self._threads)

    def end(self) -> None:
        """Whether they are done or not; they can begin again."""
        self._stop.set()
        for thread in self._threads:
            thread.join(30)
        self._threads.clear()
        self._stop.clear()
        for desk in self._desks.values():
            desk.close()

    def _until(self, system: str, edits: int, pause: float, chance: random.Random) -> None:
        while self.edits < edits and not self._stop.wait(chance.expovariate(1 / pause)):
            done = self._once(system)
            with self._lock:
                self.edits += done

    def _once(self, system: str) -> int:
        """One thing; 0 where the database would not have it, or could not be asked."""
        try:
            with self._desks[system].transaction():
                return self._officers[system].work()
        except psycopg.errors.UniqueViolation:
            self.refused += 1
        except psycopg.Error:
            # Whether it counted is read from the history at the end.
            self.failed += 1
            self._stop.wait(0.2)
        return 0
