"""Child processes: ended in order, killed after their grace, gone with their parent; and pids that are not mistaken."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from deploy.embedded.errors import StartError
from deploy.embedded.identity import Identity, identity_of
from deploy.embedded.process import Command, Process, run, wait_until_gone

STUBBORN = "import signal,time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(60)"
WILLING = "import time; print('up', flush=True); time.sleep(60)"


def python(code: str, *, grace_seconds: float = 10.0) -> Command:
    """Runs ``code``."""
    return Command(argv=(sys.executable, "-c", code), grace_seconds=grace_seconds)


def until(condition: Callable[[], object], *, seconds: float = 20.0) -> None:
    """Poll until the condition holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.01)


def start(command: Command, log: Path) -> Process:
    """Start and wait for its first line."""
    process = Process(command, log=log)
    until(lambda: b"up" in log.read_bytes())
    return process


def test_a_willing_process_ends_by_its_signal(tmp_path: Path) -> None:
    process = start(python(WILLING), tmp_path / "log")
    process.stop()
    assert process.exit_code() == -signal.SIGTERM


def test_a_stubborn_process_is_killed_after_its_grace(tmp_path: Path) -> None:
    process = start(python(STUBBORN, grace_seconds=0.1), tmp_path / "log")
    process.ask_to_stop()
    assert not process.finish()
    assert process.exit_code() == -signal.SIGKILL


def test_a_killed_parent_takes_its_children_along(tmp_path: Path) -> None:
    log, parent_code = (
        tmp_path / "log",
        f"""
        import sys, time
        from pathlib import Path
        from deploy.embedded.process import Command, Process
        Process(Command(argv=(sys.executable, "-c", {WILLING!r})), log=Path({str(tmp_path / "log")!r}))
        time.sleep(60)
    """,
    )
    parent = subprocess.Popen([sys.executable, "-c", textwrap.dedent(parent_code)], cwd=Path(__file__).parents[3])
    until(lambda: log.exists() and b"up" in log.read_bytes())
    (child,) = Path(f"/proc/{parent.pid}/task/{parent.pid}/children").read_text().split()
    parent.kill()
    parent.wait()
    assert wait_until_gone(int(child), seconds=20)


def test_the_environment_is_added_to_ones_own(tmp_path: Path) -> None:
    command = Command(argv=("/bin/sh", "-c", 'echo "$ADDED $HOME"'), env={"ADDED": "new"})
    assert (
        run(command, doing="trying").split() == ["new", os.environ.get("HOME", "")][: 1 + bool(os.environ.get("HOME"))]
    )


def test_a_failed_command_tells_what_it_printed() -> None:
    with pytest.raises(StartError, match="trying this: ended with 3: why"):
        run(python("import sys; print('why'); sys.exit(3)"), doing="trying this")


def test_a_process_that_ended_or_another_with_its_pid_is_not_alive(tmp_path: Path) -> None:
    process = start(python(WILLING), tmp_path / "log")
    identity = identity_of(process.pid)
    assert identity
    assert identity.is_alive()
    assert not Identity(pid=identity.pid, started=identity.started - 1, boot=identity.boot).is_alive()
    assert not Identity(pid=identity.pid, started=identity.started, boot="another").is_alive()
    process.kill()
    assert not identity.is_alive()
