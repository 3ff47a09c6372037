"""Which connectors run, and when one that has ended is started again."""

import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import structlog

from connectors.fleet.scout import Wanted
from connectors.run_sink import FENCED, MISUSED, STOPPED

_log = structlog.get_logger(__name__)

_FIRST_WAIT_SECONDS: Final = 2.0
_LONGEST_WAIT_SECONDS: Final = 30.0
#: Who has run for so long has new trouble, if any.
_CALM_SECONDS: Final = 60.0
_POLL_SECONDS: Final = 0.05


@dataclass(slots=True)
class Member:
    """One connector. `number`: no other has it, for as long as the fleet lives. `due`: None where it is not to be
    started before there is another catalogue, or where it is fenced, ever.
    """

    name: str
    number: int
    pid: int = 0
    since: float = 0.0
    troubles: int = 0
    due: float | None = 0.0
    is_fenced: bool = False


class Fleet:
    """`start`: makes a process of a member and returns its pid. One thread uses it; times are of a clock that only ever
    goes forward.
    """

    def __init__(self, start: Callable[[Member], int], *, clock: Callable[[], float] = time.monotonic) -> None:
        self._start = start
        self._clock = clock
        self._members: dict[str, Member] = {}
        self._wanted = Wanted(-1, {})

    @property
    def running(self) -> dict[str, int]:
        """Pids, by name."""
        return {member.name: member.pid for member in self._members.values() if member.pid}

    @property
    def numbers(self) -> dict[str, int]:
        """Of all that there are or were, by name."""
        return {member.name: member.number for member in self._members.values()}

    def want(self, wanted: Wanted) -> None:
        """From now on these. Those that are not wanted any more end by themselves, and are not started again."""
        if wanted.revision <= self._wanted.revision:
            return
        self._wanted = wanted
        _log.info("connectors by the catalogue", revision=wanted.revision, count=len(wanted.connectors))
        for name, number in wanted.connectors.items():
            member = self._members.setdefault(name, Member(name, number))
            if not member.pid and member.due is None and not member.is_fenced:
                member.due, member.troubles = 0.0, 0

    def start_due(self) -> None:
        """Starts those whose time has come."""
        for name in self._wanted.connectors:
            member = self._members[name]
            if not member.pid and member.due is not None and member.due <= self._clock():
                member.pid, member.since = self._start(member), self._clock()

    def next_due(self) -> float | None:
        """Seconds until the next is to be started; None where none is waiting for that."""
        waiting = (self._members[name] for name in self._wanted.connectors)
        due = [member.due for member in waiting if not member.pid and member.due is not None]
        return max(0.0, min(due) - self._clock()) if due else None

    def ended(self, pid: int, code: int) -> bool:
        """A process has ended; a negative code is the signal that ended it. Whether it was a connector."""
        member = next((each for each in self._members.values() if each.pid == pid), None)
        if member is None:
            return False
        member.pid = 0
        calm = self._clock() - member.since > _CALM_SECONDS
        member.troubles = 0 if calm else member.troubles
        # Fenced: somebody runs it elsewhere, and on purpose, for whoever comes later wins.
        member.is_fenced = code == FENCED
        if code in (STOPPED, MISUSED, FENCED):
            member.due = None
        else:
            member.due = self._clock() + min(_LONGEST_WAIT_SECONDS, _FIRST_WAIT_SECONDS * 2**member.troubles)
            member.troubles = min(member.troubles + 1, 10)
        _log.warning("a connector has ended", connector=member.name, code=code)
        return True

    def end(self, *, seconds: float) -> None:
        """Asks all to stop, and ends those that have not done so in time. Nothing is lost by that."""
        for pid in self.running.values():
            os.kill(pid, signal.SIGTERM)
        until = self._clock() + seconds
        while self.running and self._clock() < until:
            if not self.reap():
                time.sleep(_POLL_SECONDS)
        for name, pid in self.running.items():
            _log.warning("stopping without waiting any longer", connector=name)
            os.kill(pid, signal.SIGKILL)

    def reap(self) -> list[int]:
        """Pids of processes that have ended since, connectors or not."""
        found: list[int] = []
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return found
            if not pid:
                return found
            self.ended(pid, os.waitstatus_to_exitcode(status))
            found.append(pid)
