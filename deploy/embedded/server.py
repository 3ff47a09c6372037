"""The shape that Kafka, the registry and PostgreSQL share."""

import time
from abc import ABC, abstractmethod
from pathlib import Path
from typing import ClassVar

from deploy.embedded.cache import Report
from deploy.embedded.errors import StartError
from deploy.embedded.ports import ensure_free, free_port
from deploy.embedded.process import Command, Process

_POLL_SECONDS = 0.05
_TAIL_BYTES = 1_500


def say_nothing(_: str) -> None:
    """A report that is not wanted."""


class Server(ABC):
    """One server on loopback, with its data in ``data`` and its log at ``log_path``.

    ``configure`` once, then ``start``, ``wait_ready``, ``stop`` or ``kill`` as often as wanted: a killed server starts
    again on the same data and port.
    """

    name: ClassVar[str]

    def __init__(self, data: Path, *, port: int | None = None, log: Path | None = None) -> None:
        """``port``: None takes a free one. ``log``: None puts it beside the data."""
        self.data = data.absolute()
        self.port = port or free_port()
        self.log_path = log or self.data.with_name(f"{self.data.name}.log")
        self._process: Process | None = None

    @abstractmethod
    def configure(self, report: Report = say_nothing) -> None:
        """Fetch what is missing, write the settings and lay out new data. Safe to repeat; existing data stay."""

    @abstractmethod
    def command(self) -> Command:
        """How to run it in the foreground; also removes what a killed predecessor left that would prevent the start."""

    @abstractmethod
    def is_ready(self) -> bool:
        """Whether it answers its protocol now; returns within about a second."""

    @property
    def pid(self) -> int | None:
        """The process id while it runs."""
        return self._process.pid if self._process and self._process.exit_code() is None else None

    def start(self) -> None:
        """Start the process and return at once. Raises PortTakenError. Call it from the main thread."""
        command = self.command()
        ensure_free(self.port, owner=self.name)
        self._process = Process(command, log=self.log_path)

    def wait_ready(self, *, seconds: float = 60.0) -> None:
        """Return when it answers. Raises StartError, with the end of its log, when it ends or stays silent."""
        deadline = time.monotonic() + seconds
        while not self.is_ready():
            if self.pid is None:
                raise StartError(f"starting {self.name}: it ended. {self._log_end()}")
            if time.monotonic() > deadline:
                raise StartError(
                    f"starting {self.name}: no answer on port {self.port} in {seconds:.0f} s. {self._log_end()}"
                )
            time.sleep(_POLL_SECONDS)

    def stop(self) -> None:
        """End it in order, or by SIGKILL after its grace period. Returns when it is gone."""
        if self._process is not None:
            self._process.stop()

    def kill(self) -> None:
        """SIGKILL it, as a crash would. Returns when it is gone."""
        if self._process is not None:
            self._process.kill()

    def _log_end(self) -> str:
        if not self.log_path.exists():
            return f"Its log {self.log_path} is empty"
        with self.log_path.open("rb") as log:
            log.seek(max(0, self.log_path.stat().st_size - _TAIL_BYTES))
            return f"The end of its log {self.log_path}:\n{log.read().decode(errors='replace').strip()}"
