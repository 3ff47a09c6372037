"""Processes of the product under test: started, killed with -9 and started again, as a service manager would."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Process:
    """One process that is started again whenever it ends, until `stop`."""

    name: str
    argv: list[str]
    environment: dict[str, str]
    log: Path
    starts: int = 0
    _running: subprocess.Popen[bytes] | None = None
    _stopping: threading.Event = field(default_factory=threading.Event)
    _keeper: threading.Thread | None = None

    def start(self) -> "Process":
        self._spawn()
        self._keeper = threading.Thread(target=self._keep, name=f"keep-{self.name}", daemon=True)
        self._keeper.start()
        return self

    def _spawn(self) -> None:
        with self.log.open("ab") as output:
            self._running = subprocess.Popen(
                self.argv, env=os.environ | self.environment, stdout=output, stderr=output, start_new_session=True
            )
        self.starts += 1

    def _keep(self) -> None:
        while not self._stopping.is_set():
            assert self._running is not None
            self._running.wait()
            if not self._stopping.wait(0.2):
                self._spawn()

    @property
    def pid(self) -> int:
        """Of the one that runs now."""
        assert self._running is not None
        return self._running.pid

    def kill(self) -> None:
        """-9, with no warning; it is started again."""
        assert self._running is not None
        self._running.kill()

    def freeze(self) -> None:
        """SIGSTOP: it does nothing more, and all who speak to it wait."""
        assert self._running is not None
        self._running.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """SIGCONT."""
        assert self._running is not None
        self._running.send_signal(signal.SIGCONT)

    def heeds_requests(self) -> bool:
        """Whether it is far enough to end cleanly when it is asked to: a process that only starts dies of SIGTERM."""
        assert self._running is not None
        try:
            status = Path(f"/proc/{self._running.pid}/status").read_text()
        except OSError:
            return False  # killed a moment ago
        caught = next(line for line in status.splitlines() if line.startswith("SigCgt:"))
        return bool(int(caught.split()[1], 16) >> (signal.SIGTERM - 1) & 1)

    def stop(self) -> int:
        """Ask it to stop and return its exit code; -9 after 20 seconds."""
        self._stopping.set()
        assert self._running is not None and self._keeper is not None
        self._running.send_signal(signal.SIGTERM)
        self.thaw()
        try:
            code = self._running.wait(20)
        except subprocess.TimeoutExpired:
            self._running.kill()
            code = self._running.wait()
        self._keeper.join(5)
        return code


def children(pid: int) -> dict[str, int]:
    """Pids of a process's children by the name that each goes by in lists of processes."""
    listed = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return {Path(f"/proc/{child}/comm").read_text().strip(): int(child) for child in listed}


def python(*arguments: str) -> list[str]:
    """argv of a module of ours, in this interpreter."""
    return [sys.executable, "-m", *arguments]


def wait_until(true: Callable[[], bool], *, seconds: float, what: str, detail: Callable[[], str] = lambda: "") -> None:
    """Poll until `true()`; AssertionError with `what` and `detail()` after the deadline."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, f"{what}: not within {seconds:.0f} s {detail()}"
        time.sleep(0.2)
