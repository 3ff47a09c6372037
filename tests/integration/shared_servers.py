"""Servers that all tests of a run share, also over the workers of pytest-xdist."""

import fcntl
import itertools
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psycopg
from psycopg import sql

_PROJECT = Path(__file__).resolve().parents[2]
_READY_SECONDS = 300.0  #: a first run fetches the servers
_POLL_SECONDS = 0.05
_numbers = itertools.count(1)


def ask_for(kind: str) -> dict[str, str | int]:
    """What reaches this run's server of ``kind``; the first worker to ask starts it, the others wait for it."""
    directory = _run_directory() / kind
    directory.mkdir(mode=0o755, parents=True, exist_ok=True)
    with (directory / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        ready = directory / "ready.json"
        if not ready.exists():
            _hold(kind, directory)
            _wait_for(ready)
        found: dict[str, str | int] = json.loads(ready.read_text(encoding="utf-8"))
    if "error" in found:
        raise RuntimeError(f"no {kind} for this test run: {found['error']}")
    return found


def _run_pid() -> int:
    """The process that lives as long as the run: pytest itself, or the one that leads the workers."""
    return os.getppid() if "PYTEST_XDIST_WORKER" in os.environ else os.getpid()


def _run_directory() -> Path:
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID", f"pid-{os.getpid()}")
    directory = Path(tempfile.gettempdir()) / f"lienthong-test-{os.geteuid()}-{run}"
    directory.mkdir(mode=0o755, exist_ok=True)
    return directory


def _hold(kind: str, directory: Path) -> None:
    program = Path(__file__).with_name("hold_server.py")
    with (directory / "hold.log").open("wb") as log:
        subprocess.Popen(
            [sys.executable, str(program), kind, str(directory), str(_run_pid())],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            env={**os.environ, "PYTHONPATH": str(_PROJECT)},
        )


def _wait_for(ready: Path) -> None:
    deadline = time.monotonic() + _READY_SECONDS
    while not ready.exists():
        if time.monotonic() > deadline:
            log = ready.with_name("hold.log").read_text(encoding="utf-8", errors="replace")
            raise RuntimeError(f"{ready.parent.name} did not start in {_READY_SECONDS:.0f} s: {log[-2000:]}")
        time.sleep(_POLL_SECONDS)


@dataclass(frozen=True, slots=True)
class SharedPostgres:
    """The run's PostgreSQL, as superuser."""

    port: int
    password: str

    def dsn(self, dbname: str = "postgres") -> str:
        """A URL for psycopg."""
        return f"postgresql://postgres:{quote(self.password)}@127.0.0.1:{self.port}/{quote(dbname)}"

    def create_database(self) -> str:
        """The name of a fresh, empty database that no other test of the run has."""
        worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
        name = f"test_{worker}_{os.getpid()}_{next(_numbers)}"
        with psycopg.connect(self.dsn(), autocommit=True) as connection:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        return name
