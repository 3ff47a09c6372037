"""Prometheus' own programs, from Debian's package."""

import os
import shutil

import pytest

_WANTED = "Debian's package prometheus brings it: apt-get install --no-install-recommends prometheus"


def tool(name: str) -> str:
    """Where `prometheus` or `promtool` is. Without it the test is skipped, but never in CI."""
    found = shutil.which(name)
    if found is None:
        if os.environ.get("CI"):
            pytest.fail(f"{name} is not here, and .ci/run should have seen to it. {_WANTED}")
        pytest.skip(f"{name} is not here. {_WANTED}")
    return found
