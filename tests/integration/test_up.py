"""The one-command run: it starts, is refused a second time, survives kill -9, stops without a trace, keeps its data."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from deploy.embedded.data_directory import DataDirectory
from deploy.embedded.identity import Identity
from deploy.embedded.leftovers import noted

PROJECT = Path(__file__).resolve().parents[2]
NAMES = {"postgres", "kafka", "registry", "idle", "stubborn"}


class Run:
    """One `make run` with a stand-in city."""

    def __init__(self, data: DataDirectory, log: Path) -> None:
        self._log = log
        self._begin = log.stat().st_size if log.exists() else 0
        program = Path(__file__).with_name("stand_in_city.py")
        with log.open("ab") as output:
            self.process = subprocess.Popen(
                [sys.executable, str(program), str(data.path)],
                stdout=output,
                stderr=output,
                env={**os.environ, "PYTHONPATH": str(PROJECT)},
            )

    def text(self) -> str:
        """What this run printed so far."""
        return self._log.read_bytes()[self._begin :].decode()

    def wait_for(self, text: str, *, seconds: float = 120.0) -> None:
        """Return when it has printed ``text``."""
        deadline = time.monotonic() + seconds
        while text not in self.text():
            assert self.process.poll() is None, self.text()
            assert time.monotonic() < deadline, self.text()
            time.sleep(0.05)

    def end(self, signum: signal.Signals) -> int:
        """Send a signal and wait for the end."""
        self.process.send_signal(signum)
        return self.process.wait(60)


@contextmanager
def running(data: DataDirectory, log: Path) -> Iterator[Run]:
    """A run that is ready; killed at the end of the block if it still runs."""
    run = Run(data, log)
    try:
        run.wait_for("] ready.")
        yield run
    finally:
        if run.process.poll() is None:
            run.end(signal.SIGTERM)


def command(data: DataDirectory, name: str) -> subprocess.CompletedProcess[str]:
    """Run one of the supervisor's other commands."""
    argv = [sys.executable, "-m", "deploy.embedded", name, "--data", str(data.path)]
    return subprocess.run(argv, capture_output=True, text=True, check=False, cwd=PROJECT)


def alive(processes: dict[str, Identity]) -> set[str]:
    """The names of those that still run."""
    return {name for name, identity in processes.items() if identity.is_alive()}


@pytest.mark.timeout(300)
def test_a_city_starts_survives_and_stops(server_directory: Path) -> None:
    data, log = DataDirectory(server_directory / "data"), server_directory / "up.log"
    with running(data, log) as first:
        assert "everybody has arrived" in first.text()
        assert "starts before this one: 0" in first.text()
        processes = noted(data.processes_file)
        assert processes.keys() >= NAMES
        assert "LIENTHONG_KAFKA=127.0.0.1:" in data.env_file.read_text()
        with psycopg.connect(
            (data.secrets / "ho_tich_dsn").read_text().strip().replace("/ho_tich", "/postgres")
        ) as own:
            own.execute("CREATE TABLE kept ()")

        refused = command(data, "clean-data")
        assert refused.returncode == 1
        assert f"as process {first.process.pid}" in refused.stderr
        assert "Traceback" not in refused.stderr

        first.end(signal.SIGKILL)
    with running(data, log) as second:
        assert "starts before this one: 1" in second.text()
        assert not alive(processes), "the killed supervisor's processes are gone"
        processes = noted(data.processes_file)
        assert command(data, "status").stdout.count(" runs") >= len(NAMES)
        assert second.end(signal.SIGINT) == 0
        assert "stubborn did not stop in time and was killed" in second.text()
    assert not alive(processes)
    assert not data.env_file.exists()
    assert command(data, "clean-data").returncode == 0
    assert not data.path.exists()
