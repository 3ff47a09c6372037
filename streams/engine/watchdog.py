"""Ends a process that has stopped making progress. It acts on silence, not on standing offsets."""

import faulthandler
import sys
import threading
import time
import traceback
from collections.abc import Callable

from streams.engine.fail_stop import fail_stop

#: At least so long the interpreter itself may stand still: a loaded machine is no stuck process.
_NATIVE_SECONDS = 30.0


class Watchdog:
    """Parts report progress by name; one that is silent for too long ends the process with all stacks in the log.

    A part that waits for something (a broker, a lock, a slow target) keeps reporting while it waits; one with nothing
    to do rests.
    """

    def __init__(self, silence: float, *, name: str = "", end: Callable[..., object] = fail_stop) -> None:
        """``silence`` in seconds; ``name`` of what is watched. ``end`` is called with a reason and with the stacks."""
        self._name = name
        self._silence = silence
        self._end = end
        #: When each part has to report again at the latest, and when it did last.
        self._due: dict[str, tuple[float, float]] = {}
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="engine-watchdog", daemon=True)

    def start(self) -> None:
        """Begin to watch."""
        self._arm()
        self._thread.start()

    def stop(self) -> None:
        """Watch no more."""
        self._stopped.set()
        if self._thread.is_alive():
            self._thread.join()
        faulthandler.cancel_dump_traceback_later()

    def report(self, part: str, *, within: float | None = None) -> None:
        """``part`` is at work and reports again ``within`` so many seconds. From any thread, as often as it likes."""
        now = time.monotonic()
        with self._lock:
            self._due[part] = (now, now + (within or self._silence))

    def rest(self, part: str) -> None:
        """``part`` has nothing to do until it reports again."""
        with self._lock:
            self._due.pop(part, None)

    def _watch(self) -> None:
        tick = min(1.0, self._silence / 10)
        previous = time.monotonic()
        while not self._stopped.wait(tick):
            self._arm()
            now = time.monotonic()
            if now - previous > tick + self._silence / 4:
                # The whole process was frozen, and nobody could report.
                with self._lock:
                    self._due = dict.fromkeys(self._due, (now, now + self._silence))
            previous = now
            self._look(now)

    def _arm(self) -> None:
        """Put off the one that needs no interpreter: it ends a process in which no Python thread can run at all."""
        faulthandler.dump_traceback_later(max(2 * self._silence, _NATIVE_SECONDS), exit=True, file=2)

    def _look(self, now: float) -> None:
        for part, (last, due) in list(self._due.items()):
            if now > due:
                self._end(
                    f"{part} made no progress for {now - last:.0f} s; read the stacks to see what it waits for",
                    watching=self._name,
                    stacks=stacks(),
                )
                self.rest(part)


def stacks() -> str:
    """The stacks of all threads, as text."""
    names = {thread.ident: thread.name for thread in threading.enumerate()}
    parts = []
    for identity, frame in sys._current_frames().items():
        lines = "".join(traceback.format_stack(frame))
        parts.append(f"thread {names.get(identity, identity)}:\n{lines}")
    return "\n".join(parts)
