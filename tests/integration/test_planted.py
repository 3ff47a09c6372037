"""Every mistake that is planted into the engine and the sinks is seen, and where none is planted nothing is seen."""

from pathlib import Path

import pytest
from pytest import MonkeyPatch

from tests.chaos.planted import seen_on_servers
from tests.chaos.planted.bugs import ON_SERVERS, ServerBug
from tests.chaos.planted.seen_on_servers import Servers
from tests.integration.shared_servers import SharedPostgres


@pytest.fixture
def servers(kafka: str, postgres: SharedPostgres, tmp_path: Path) -> Servers:
    return Servers(kafka, postgres, tmp_path)


#: The others start workers, each of which takes its time: `make chaos-planted` runs them.
_QUICK = (seen_on_servers.a_zombie, seen_on_servers.two_sinks, seen_on_servers.a_sink_that_is_cut_off)


@pytest.mark.parametrize("bug", [bug for bug in ON_SERVERS if bug.check in _QUICK], ids=lambda bug: bug.plant.__name__)
def test_a_planted_mistake_is_seen(bug: ServerBug, servers: Servers, monkeypatch: MonkeyPatch) -> None:
    bug.plant(monkeypatch)
    assert bug.check(servers, bug.plant.__name__) is not None, f"nobody has noticed {bug.plant.__name__}"


@pytest.mark.parametrize("check", _QUICK, ids=lambda check: check.__name__)
def test_without_a_mistake_nothing_is_seen(check: object, servers: Servers) -> None:
    assert callable(check)
    assert check(servers, None) is None
