"""For every test: random examples may take the time they need, and what takes longest begins first.

Here the sources run, so that tests may bend them; processes that tests start run as they do at users'. To see the tests
of the steps on what is compiled: `LIENTHONG_COMPILED=1 pytest tests/unit/streams`; those that bend a step fail then.
"""

import os
from pathlib import Path
from typing import Final

import pytest
from hypothesis import settings

from schemas.compiled import use_sources

if os.environ.get("LIENTHONG_COMPILED") != "1":
    use_sources()
settings.register_profile("shared", deadline=None)  # the machine is shared
settings.load_profile("shared")

#: Files that keep a worker of pytest-xdist busy for a minute and more; then comes whatever else starts servers.
_LONGEST: Final = (
    "test_whole_city",
    "test_mending",
    "test_crash",
    "test_engine_ownership",
    "test_engine_stock_scenarios",
    "test_resync_city",
    "test_secured_kafka",
    "test_up",
    "test_dead_broker",
    "test_engine_process",
    "test_run_source_process",
    "test_pipeline",
    "test_run_sink_returns",
    "test_memory_city",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files are handed out in this order, each to one worker: the short ones fill the gaps at the end."""
    items.sort(key=lambda item: _place(item.path))


def _place(path: Path) -> int:
    if path.stem in _LONGEST:
        return _LONGEST.index(path.stem)
    return len(_LONGEST) + (path.parent.name != "integration")
