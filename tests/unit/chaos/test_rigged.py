"""A rigged process dies where it is told to, once, and believes another clock."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from rocksdict import Cache

from streams.engine.state import PartitionState


def run(notes: Path, state: Path) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "tests.chaos.rigged", str(notes), "w1", "tests.unit.chaos.one_write", str(state)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def held(path: Path) -> bytes | None:
    state = PartitionState(path, cache=Cache(1_000_000))
    found = state.get(b"k")
    state.close()
    return found


@pytest.mark.parametrize(("when", "value"), [("before", None), ("after", b"v")])
def test_it_dies_at_the_named_point_and_once(tmp_path: Path, when: str, value: bytes | None) -> None:
    (tmp_path / "w1.point").write_text(f"{when} state write")
    assert run(tmp_path, tmp_path / "state").returncode == -signal.SIGKILL
    assert held(tmp_path / "state") == value
    assert run(tmp_path, tmp_path / "state").returncode == 0
    assert held(tmp_path / "state") == b"v"


def test_its_clock_is_as_wrong_as_told(tmp_path: Path) -> None:
    (tmp_path / "w1.clock").write_text("-3600")
    said = float(run(tmp_path, tmp_path / "state").stdout)
    assert said == pytest.approx(time.time() - 3600, abs=120)
