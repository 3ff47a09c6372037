"""The steps as C do what the steps as Python do, to the byte; and are written so that mypyc takes them for the same."""

import ast
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from deploy.compile_steps import SOURCES
from schemas import compiled

SEEDS = [str(seed) for seed in range(100, 140)]


def _replayed(body: str) -> list[str]:
    environment = {**os.environ, "PYTHONHASHSEED": "0"}
    environment.pop("LIENTHONG_COMPILED", None)
    command = [sys.executable, "-m", "tests.unit.streams.replay", body, *SEEDS]
    done = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    return done.stdout.splitlines()


@pytest.mark.skipif(compiled.made_of() is None, reason="nothing is compiled: `make test` does it where there is gcc")
def test_random_histories_lead_to_the_same() -> None:
    said, by_source = _replayed("compiled"), _replayed("source")
    assert (said[0], by_source[0]) == ("compiled", "source")
    assert len(said) == len(SEEDS) + 3
    assert said[1:] == by_source[1:]


@pytest.mark.parametrize("path", SOURCES)
def test_no_two_handlers_of_a_function_share_a_name(path: str) -> None:
    """To mypyc such a name has the type of the first, and whatever else is caught there becomes a TypeError."""
    for function in ast.walk(ast.parse(Path(path).read_text(encoding="utf-8"))):
        if isinstance(function, ast.FunctionDef):
            handlers = [each for each in ast.walk(function) if isinstance(each, ast.ExceptHandler) and each.name]
            names = Counter(handler.name for handler in handlers)
            assert set(names.values()) <= {1}, f"{path}: {function.name}: {names}"
