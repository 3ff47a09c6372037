"""`python -m connectors.run_fleet`: the connectors of all systems on this machine, until SIGTERM.

By the catalogue, a source for every system that publishes and a sink for every one that receives, each a process of its
own, forked from this one: a connector takes 10 MB instead of 60, and milliseconds to start. One that ends is started
again, unless a person has to correct something first; `lienthong apply` of a new system is all that it takes to connect
it. The n-th connector, in the order in which they were first started, answers at LIENTHONG_METRICS_PORT + n.

Exit codes: 0 after SIGTERM; 2 a mistake in the set-up.
"""

import gc
import importlib
import os
import selectors
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Final

import structlog

from connectors import run_sink, run_source
from connectors.fleet.fleet import Fleet, Member
from connectors.fleet.fork import fork, threads
from connectors.fleet.scout import read_lines, scout
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


class Host:
    """This process: it forks, listens to its scout, and has no threads."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._stopping = False
        self._fleet = Fleet(self._start)
        self._woken, self._waking = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self._heard, self._telling = os.pipe2(os.O_CLOEXEC)
        self._scout = 0

    def run(self) -> int:
        """The exit code."""
        signal.set_wakeup_fd(self._waking, warn_on_full_buffer=False)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        with selectors.DefaultSelector() as selector:
            selector.register(self._woken, selectors.EVENT_READ)
            selector.register(self._heard, selectors.EVENT_READ)
            self._work(selector)
        self._fleet.end(seconds=_GRACE_SECONDS)
        with suppress(ProcessLookupError):
            os.kill(self._scout, signal.SIGKILL)
        return 0

    def _work(self, selector: selectors.BaseSelector) -> None:
        received = b""
        while not self._stopping:
            self._scout = self._scout or self._send_scout()
            self._fleet.start_due()
            for key, _ in selector.select(self._fleet.next_due()):
                if key.fd == self._heard:
                    told, received = read_lines(received + os.read(self._heard, 65_536))
                    for wanted in told:
                        self._fleet.want(wanted)
                else:
                    with suppress(BlockingIOError):
                        os.read(self._woken, 1_024)
            if self._scout in self._fleet.reap():
                self._scout = 0

    def _stop(self, *_: object) -> None:
        self._stopping = True

    def _send_scout(self) -> int:
        def follow() -> int:
            logs.configure("fleet", level=self._settings.log_level)
            scout(self._settings, self._telling)
            return 1

        return fork("fleet-scout", follow, closing=(self._woken, self._waking, self._heard))

    def _start(self, member: Member) -> int:
        assert threads() == 1, "this process must have no threads"  # noqa: S101 - a fork would inherit their locks
        role, _, system = member.name.partition("/")

        def connect() -> int:
            if self._settings.metrics_port:
                os.environ["LIENTHONG_METRICS_PORT"] = str(self._settings.metrics_port + member.number)
            return _MAINS[role]([system])

        _log.info("starting", connector=member.name)
        return fork(member.name, connect, closing=(self._woken, self._waking, self._heard, self._telling))


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
