"""The shape that Kafka, the registry and PostgreSQL share."""

from abc import ABC, abstractmethod
from pathlib import Path
from typing import ClassVar

from deploy.embedded.cache import Report
from deploy.embedded.ports import ensure_free, free_port
from deploy.embedded.process import Command, Process
from deploy.embedded.waiting import wait_for_answer


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
        """Return when it answers. Raises StartError, with the end of its log, when it ends or stays silent too long."""
        wait_for_answer(
            self.name,
            is_ready=self.is_ready,
            is_alive=lambda: self.pid is not None,
            log=self.log_path,
            seconds=seconds,
        )

    def stop(self) -> None:
        """End it in order, or by SIGKILL after its grace period. Returns when it is gone."""
        if self._process is not None:
            self._process.stop()

    def kill(self) -> None:
        """SIGKILL it, as a crash would. Returns when it is gone."""
        if self._process is not None:
            self._process.kill()
