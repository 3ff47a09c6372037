"""What is told while a source reads its tables anew."""

import pytest

from console.errors import ConsoleError
from console.resync import _check, _line, _under_way
from schemas.records import ConnectorState, Phase, Resync, ResyncRequest
from tests.unit.console.city import catalogue, word

_NOW = 1_000_000.0
_REQUEST = ResyncRequest(id="7", system="ho_tich", resource="*", rate=0, time=0)
_READING: Resync = {
    "taken": {"*": "7"},
    "answers": ["7"],
    "resource": "public.cong_dan",
    "left": 2,
    "rows": 120_000,
    "expected": 500_000,
}


def _state(resync: Resync | None, *, phase: Phase = "streaming", ago: float = 1.0) -> ConnectorState:
    found = word("source", "ho_tich", phase, time=int((_NOW - ago) * 1e6))
    found["resync"] = resync
    return found


@pytest.mark.parametrize(
    ("state", "told"),
    [
        (None, "does not run"),
        (_state(None, phase="stopped"), "does not run"),
        (_state(_READING, ago=60), "does not run"),
        (_state(None), "has not taken it up yet"),
        (_state({**_READING, "taken": {"*": "6"}}), "has not taken it up yet"),
        (_state(_READING), "public.cong_dan: 120,000 of about 500,000 rows; 2 tables left"),
        (_state({**_READING, "expected": 0}), "public.cong_dan: 120,000 rows; 2 tables left"),
        (_state({**_READING, "resource": ""}, phase="snapshot"), "whole snapshot"),
    ],
)
def test_it_says_what_is_waited_for(state: ConnectorState | None, told: str) -> None:
    assert told in _line(state, [_REQUEST], now=_NOW)


def test_what_is_under_way_is_followed_and_what_is_done_is_asked_for_anew() -> None:
    assert [*_under_way(_state(_READING), "ho_tich", ["*", "public.khac"])] == ["*"]
    assert _under_way(_state({**_READING, "answers": []}), "ho_tich", ["*"]) == {}
    assert _under_way(None, "ho_tich", ["*"]) == {}


def test_a_system_or_table_that_is_not_there_is_refused_with_those_that_are() -> None:
    _check(catalogue(), "ho_tich", ["public.cong_dan"])
    with pytest.raises(ConsoleError, match="there are ho_tich"):
        _check(catalogue(), "dan_cu", [])
    with pytest.raises(ConsoleError, match=r"there are public\.cong_dan"):
        _check(catalogue(), "ho_tich", ["cong_dan"])
