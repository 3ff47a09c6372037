"""The supervisor: restarts with growing pauses, ends in reverse order, and tells what happened."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.embedded.errors import StartError
from deploy.embedded.leftovers import noted
from deploy.embedded.process import Command
from deploy.embedded.supervisor import ProcessSpec, Supervisor
from tests.unit.deploy.test_process import until

ENDS_LATER = """
import signal, sys, time
def end(*_):
    with open({ends!r}, "a") as file:
        file.write({name!r} + " ")
    sys.exit()
signal.signal(signal.SIGTERM, end)
print("up", flush=True)
time.sleep(60)
"""


def spec(name: str, code: str) -> ProcessSpec:
    """A process that runs ``code``."""
    return ProcessSpec(name=name, command=lambda: Command(argv=(sys.executable, "-c", code), grace_seconds=5))


class Watched:
    """A supervisor and what it reported."""

    def __init__(self, directory: Path) -> None:
        self.lines: list[str] = []
        self.note = directory / "note"
        self.supervisor = Supervisor(logs=directory / "logs", noted_in=self.note, report=self.lines.append)

    def text_of(self, name: str) -> str:
        """What a process wrote."""
        log = self.supervisor.log_of(name)
        return log.read_text() if log.exists() else ""


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Watched]:
    watched = Watched(tmp_path)
    yield watched
    watched.supervisor.stop()


def test_a_crashed_process_is_started_again_after_growing_pauses(watched: Watched) -> None:
    watched.supervisor.start(spec("crashing", "print('up', flush=True); raise SystemExit(7)"))

    def crashed_twice() -> bool:
        watched.supervisor.tick()
        return len(watched.lines) == 2

    until(crashed_twice)
    assert watched.text_of("crashing").count("up") == 2
    assert "crashing ended with 7; started again in 0.5 s" in watched.lines[0]
    assert "started again in 1.0 s" in watched.lines[1]


def test_stages_end_in_reverse_order(watched: Watched, tmp_path: Path) -> None:
    ends = str(tmp_path / "ends")
    for stage in (("kafka",), ("worker",), ("source",)):
        watched.supervisor.start(*(spec(name, ENDS_LATER.format(ends=ends, name=name)) for name in stage))
    until(lambda: all("up" in watched.text_of(name) for name in ("kafka", "worker", "source")))
    assert set(noted(watched.note)) == {"kafka", "worker", "source"}
    watched.supervisor.stop()
    assert Path(ends).read_text().split() == ["source", "worker", "kafka"]
    assert not watched.note.exists()


def test_a_process_that_runs_to_its_end_passes_its_lines_on(watched: Watched) -> None:
    watched.supervisor.run_to_end(spec("fill", "print('một'); print('hai')"))
    assert watched.lines == ["một", "hai"]


def test_a_failed_run_tells_its_code_and_its_last_lines(watched: Watched) -> None:
    with pytest.raises(StartError, match=r"running apply: it ended with 4(.|\n)*no such column"):
        watched.supervisor.run_to_end(spec("apply", "print('no such column'); raise SystemExit(4)"))


def test_others_are_kept_while_one_runs_to_its_end(watched: Watched) -> None:
    watched.supervisor.start(spec("crashing", "print('up', flush=True)"))
    log = str(watched.supervisor.log_of("crashing"))
    code = f"""
import time
while open({log!r}).read().count('up') < 2:
    time.sleep(0.01)
"""
    watched.supervisor.run_to_end(spec("waiting", code))
    assert watched.text_of("crashing").count("up") >= 2


def test_waiting_for_a_process_that_ends_fails_at_once(watched: Watched) -> None:
    watched.supervisor.start(spec("kafka", "print('no heap')"))
    with pytest.raises(StartError, match=r"starting kafka: it ended(.|\n)*no heap"):
        watched.supervisor.wait_until("kafka", lambda: False)


def test_waiting_for_a_silent_process_ends(watched: Watched) -> None:
    watched.supervisor.start(spec("kafka", "import time; time.sleep(60)"))
    with pytest.raises(StartError, match="starting kafka: no answer in 0 s"):
        watched.supervisor.wait_until("kafka", lambda: False, seconds=0.05)
