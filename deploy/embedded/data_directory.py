"""The directory of one city: its layout, whose it is at the moment, and how it is forgotten."""

import fcntl
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from deploy.embedded import placement
from deploy.embedded.cache import Report
from deploy.embedded.errors import AlreadyRunningError, EmbeddedError
from deploy.embedded.leftovers import end_leftovers

_PARTS = ("run", "secrets", "logs", "servers", "state", "sources", "systems")


class DataDirectory:
    """``.data`` of the project unless told otherwise; what stands in it outlives every start."""

    def __init__(self, path: Path) -> None:
        """Nothing is made yet."""
        self.path = path.absolute()
        self.run = self.path / "run"  #: what is true only while the city runs, and the ports it keeps
        self.secrets = self.path / "secrets"  #: readable by its owner alone
        self.logs = self.path / "logs"
        self.servers = self.path / "servers"
        self.systems = self.path / "systems"  #: what sample systems that are no databases keep
        self.env_file = self.run / "env"
        self.metrics_file = self.run / "metrics.json"
        self.ports_file = self.run / "ports.json"
        self.processes_file = self.run / "processes.json"
        self._lock = self.path / "lock"

    def make(self) -> None:
        """Make the directory and its parts. Others may enter it: as root, PostgreSQL runs as another user."""
        try:
            self.path.mkdir(mode=0o755, parents=True, exist_ok=True)
            self._lock.touch()
            for name in _PARTS:
                (self.path / name).mkdir(mode=0o700 if name == "secrets" else 0o755, exist_ok=True)
        except OSError as error:
            raise EmbeddedError(
                f"making the data directory {self.path}: {error.strerror}; give another one (make run DATA=/some/where)"
            ) from error

    def metrics_ports(self) -> dict[str, int]:
        """Where each process of the city serves its metrics, by process; empty before any runs."""
        if not self.metrics_file.exists():
            return {}
        return {
            str(name): int(port) for name, port in json.loads(self.metrics_file.read_text(encoding="utf-8")).items()
        }

    @contextmanager
    def claimed(self) -> Iterator[None]:
        """The directory is this process's until the end of the block. Raises AlreadyRunningError."""
        with self._lock.open("a+") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                file.seek(0)
                owner = file.read().strip() or "unknown"
                raise AlreadyRunningError(
                    f"using the data in {self.path}: a city runs there already, as process {owner}; stop it with "
                    f"Ctrl-C in its terminal or `kill {owner}`, or give another directory (make run DATA=/some/where)"
                ) from error
            file.truncate(0)
            file.write(str(os.getpid()))
            file.flush()
            yield
            file.truncate(0)

    def forget(self, *, report: Report) -> None:
        """Remove all data. Raises AlreadyRunningError while a city runs on it."""
        if not self._lock.exists():
            return
        with self.claimed():
            end_leftovers(self.processes_file, report=report)
            placement.forget(self.servers / "postgres")
            for name in _PARTS:
                if (self.path / name).exists():
                    shutil.rmtree(self.path / name)
            self._lock.unlink()
        if not any(self.path.iterdir()):
            self.path.rmdir()
