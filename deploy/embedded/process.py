"""One child process: it cannot outlive its parent, and is ended by a signal and then, after a grace period, killed."""

import ctypes
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from deploy.embedded.errors import StartError

_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None, use_errno=True)
_EXIT_POLL_SECONDS = 0.02


@dataclass(frozen=True, slots=True)
class Account:
    """The user as whom a program runs when the supervisor is root."""

    uid: int
    gid: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """What to execute, and how to end it."""

    argv: tuple[str, ...]
    env: Mapping[str, str] = field(default_factory=dict)  #: on top of the supervisor's own environment
    cwd: Path | None = None
    account: Account | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    grace_seconds: float = 10.0  #: from the stop signal to SIGKILL


class Process:
    """A running command."""

    def __init__(self, command: Command, *, log: Path) -> None:
        """Start ``command``, its output appended to ``log``.

        The child gets its stop signal from the kernel when the *thread* that calls this ends, so that even a supervisor
        that is killed leaves nothing behind: call it from the main thread.
        """
        self.command = command
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as output:
            self._popen = subprocess.Popen(
                command.argv,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=command.cwd,
                env={**os.environ, **command.env},
                user=command.account.uid if command.account else None,
                group=command.account.gid if command.account else None,
                extra_groups=[] if command.account else None,
                start_new_session=True,
                preexec_fn=_die_with(os.getpid(), command.stop_signal),  # noqa: PLW1509 - one system call, no locks
            )
        self.pid = self._popen.pid

    def exit_code(self) -> int | None:
        """None while it runs; negative when a signal ended it."""
        return self._popen.poll()

    def ask_to_stop(self) -> None:
        """Send the stop signal and return at once."""
        if self.exit_code() is None:
            self._popen.send_signal(self.command.stop_signal)

    def stop(self) -> None:
        """Send the stop signal, wait for the grace period, then kill. Returns when the process is gone."""
        self.ask_to_stop()
        self.finish()

    def finish(self) -> bool:
        """What follows ``ask_to_stop``: wait for the grace period, then kill. Whether it ended in time; it is gone."""
        try:
            self._popen.wait(self.command.grace_seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            return False
        return True

    def kill(self) -> None:
        """SIGKILL. Returns when the process is gone."""
        with suppress(ProcessLookupError):
            self._popen.kill()
        self._popen.wait()


def _die_with(parent: int, signum: signal.Signals) -> Callable[[], None]:
    def before_exec() -> None:
        _LIBC.prctl(_PR_SET_PDEATHSIG, int(signum))
        if os.getppid() != parent:  # it died before the line above
            os.kill(os.getpid(), signal.SIGKILL)

    return before_exec


def wait_until_gone(pid: int, *, seconds: float) -> bool:
    """Whether a process that is not our child has ended within ``seconds``."""
    deadline = time.monotonic() + seconds
    while Path(f"/proc/{pid}").exists():
        if time.monotonic() > deadline:
            return False
        time.sleep(_EXIT_POLL_SECONDS)
    return True


def run(command: Command, *, doing: str, seconds: float = 120.0) -> str:
    """Run a short command to its end and return what it printed. Raises StartError, with that text, when it fails."""
    try:
        done = subprocess.run(
            command.argv,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd=command.cwd,
            env={**os.environ, **command.env},
            user=command.account.uid if command.account else None,
            group=command.account.gid if command.account else None,
            extra_groups=[] if command.account else None,
            timeout=seconds,
            check=False,
            text=True,
            errors="replace",
        )
    except subprocess.TimeoutExpired as error:
        raise StartError(
            f"{doing}: not done after {seconds:.0f} s; is the machine out of memory or its disk slow?"
        ) from error
    if done.returncode != 0:
        raise StartError(f"{doing}: ended with {done.returncode}: {done.stdout.strip()[-2000:]}")
    return done.stdout
