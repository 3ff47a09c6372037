"""The hash locks of the Python packages and the Makefile that installs from them."""

import re
import subprocess
import tomllib
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[3]
LOCKS = PROJECT / "deploy" / "locks"
NAME = re.compile(r"^([a-z0-9][a-z0-9.-]*)==([^ ;]+)", re.MULTILINE)


def pins(lock: str) -> dict[str, str]:
    """Version by package."""
    return dict(NAME.findall((LOCKS / lock).read_text(encoding="utf-8")))


@pytest.mark.parametrize("lock", ["run.txt", "dev.txt"])
def test_every_package_has_a_hash_and_no_host_is_named(lock: str) -> None:
    text = (LOCKS / lock).read_text(encoding="utf-8")
    blocks = re.split(r"^(?=[a-z0-9])", text, flags=re.MULTILINE)[1:]
    assert len(blocks) == len(pins(lock))
    assert all("--hash=sha256:" in block for block in blocks)
    assert "://" not in text
    assert "index" not in text


def test_developers_and_users_run_the_same_versions() -> None:
    run, dev = pins("run.txt"), pins("dev.txt")
    assert run.items() <= dev.items()


def test_the_locks_cover_what_the_project_asks_for() -> None:
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    users = sorted(extras.keys() - {"dev"})
    for lock, wanted in (("run.txt", users), ("dev.txt", [*users, "dev"])):
        asked = project["dependencies"] + [line for extra in wanted for line in extras[extra]]
        names = {re.sub("[._]", "-", re.split(r"[\[<>=!~ ;]", line)[0].lower()) for line in asked}
        assert names <= pins(lock).keys(), "run `make lock`"


def test_make_alone_tells_every_target() -> None:
    told = subprocess.run(
        ["/usr/bin/env", "make", "-C", str(PROJECT)], capture_output=True, text=True, check=True
    ).stdout
    phony = re.search(r"^\.PHONY: (.+)$", (PROJECT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    assert phony
    assert all(f"make {target} " in told for target in phony[1].split())
