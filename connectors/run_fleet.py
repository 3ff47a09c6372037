"""`python -m connectors.run_fleet`: the connectors of all systems on this machine, until SIGTERM.

By the catalogue, a source for every system that publishes and a sink for every one that receives, each a process of its
own, forked from this one: a connector takes 20 MB instead of 60, and milliseconds to start. One that ends is started
again, unless a person has to correct something first; `lienthong apply` of a new system is all that it takes to connect
it. Each answers at a port of its own above LIENTHONG_METRICS_PORT, and that one says at `/targets` which, as Prometheus
asks for it (`http_sd_configs`).

Exit codes: 0 after SIGTERM; 2 a mistake in the set-up.
"""

import gc
import importlib
import os
import selectors
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Final

import structlog

from connectors import run_sink, run_source
from connectors.fleet.fleet import Fleet, Member
from connectors.fleet.fork import fork, threads
from connectors.fleet.scout import metrics_port, read_lines, scout
from schemas import logs
from schemas.settings import Settings

_log = structlog.get_logger(__name__)

_MAINS: Final[dict[str, Callable[[list[str]], int]]] = {"source": run_source.main, "sink": run_sink.main}
#: What every connector would import by itself.
_KINDS: Final = (
    *(f"connectors.sources.{kind}" for kind in ("postgres", "sql_poll")),
    *(f"connectors.sinks.{kind}" for kind in ("postgres", "sql_poll", "rest", "csv")),
)
_GRACE_SECONDS: Final = 15.0
#: Before another scout is sent.
_SCOUT_SECONDS: Final = 2.0


class Host:
    """This process: it forks, listens to its scout, and has no threads."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._stopping = False
        self._fleet = Fleet(self._start)
        self._woken, self._waking = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._woken, selectors.EVENT_READ)
        self._scout = 0
        self._scout_due = 0.0
        #: What the scout tells, and what of a line has not come yet.
        self._heard = -1
        self._received = b""

    def run(self) -> int:
        """The exit code."""
        signal.set_wakeup_fd(self._waking, warn_on_full_buffer=False)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        while not self._stopping:
            if not self._scout and time.monotonic() >= self._scout_due:
                self._send_scout()
            self._fleet.start_due()
            for key, _ in self._selector.select(self._idle()):
                self._hear() if key.fd == self._heard else self._wake()
            if self._scout in self._fleet.reap():
                self._forget_scout()
        self._fleet.end(seconds=_GRACE_SECONDS)
        return 0  # the scout ends with this process

    def _idle(self) -> float | None:
        """For so long there is nothing to do, if nobody says otherwise; None: for ever."""
        scout = [] if self._scout else [max(0.0, self._scout_due - time.monotonic())]
        due = self._fleet.next_due()
        return min([*scout, *([] if due is None else [due])], default=None)

    def _stop(self, *_: object) -> None:
        self._stopping = True

    def _wake(self) -> None:
        with suppress(BlockingIOError):
            os.read(self._woken, 1_024)

    def _hear(self) -> None:
        told, self._received = read_lines(self._received + os.read(self._heard, 65_536))
        for wanted in told:
            self._fleet.want(wanted)

    def _send_scout(self) -> None:
        heard, telling = os.pipe2(os.O_CLOEXEC)

        def follow() -> int:
            logs.configure("fleet", level=self._settings.log_level)
            scout(self._settings, telling, self._fleet.numbers)
            return 1

        self._scout = fork("fleet-scout", follow, closing=(self._woken, self._waking, heard))
        os.close(telling)
        self._heard = heard
        self._selector.register(heard, selectors.EVENT_READ)

    def _forget_scout(self) -> None:
        """Of one that has died nothing more is to come, not even the rest of a line."""
        self._selector.unregister(self._heard)
        os.close(self._heard)
        self._scout, self._heard, self._received = 0, -1, b""
        self._scout_due = time.monotonic() + _SCOUT_SECONDS

    def _start(self, member: Member) -> int:
        assert threads() == 1, "this process must have no threads"  # noqa: S101 - a fork would inherit their locks
        role, _, system = member.name.partition("/")

        def connect() -> int:
            os.environ["LIENTHONG_METRICS_PORT"] = str(metrics_port(self._settings, member.number))
            return _MAINS[role]([system])

        _log.info("starting", connector=member.name)
        return fork(member.name, connect, closing=(self._woken, self._waking, self._heard))


def main() -> int:
    """The exit code."""
    settings = Settings()
    logs.configure("fleet", level=settings.log_level)
    for kind in _KINDS:
        with suppress(ModuleNotFoundError):  # what a kind needs may not be installed here
            importlib.import_module(kind)
    gc.collect()
    gc.freeze()  # what all share is not to be written to by any of them
    return Host(settings).run()


if __name__ == "__main__":
    sys.exit(main())
