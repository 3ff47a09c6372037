"""Rounds: the first begins at once, what comes before the next is due goes together, and quick ones follow closer."""

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from streams.engine import rounds as module
from streams.engine.producer import Round
from streams.engine.rounds import Rounds
from streams.engine.settings import EngineSettings
from streams.engine.watchdog import Watchdog

_INTERVAL = 0.2


class _Batch:
    """As much of a batch as a round needs."""

    counts = True
    outbox: tuple[()] = ()
    piece = type("Piece", (), {"records": ()})

    def close(self) -> None:
        pass


class _Producer:
    """Commits, after `takes` seconds, and remembers when it began."""

    began: list[tuple[float, list[Any]]]
    takes: float
    has_begun: threading.Event

    def __init__(self, *_: Any) -> None:
        pass

    def start(self) -> None:
        pass

    def stop(self) -> None:
        pass

    def commit(self, round_: Round) -> None:
        self.began.append((time.monotonic(), list(round_.batches)))
        self.has_begun.set()
        time.sleep(self.takes)


@pytest.fixture
def producer(monkeypatch: pytest.MonkeyPatch) -> type[_Producer]:
    _Producer.began, _Producer.takes, _Producer.has_begun = [], 0.0, threading.Event()
    monkeypatch.setattr(module, "RoundProducer", _Producer)
    return _Producer


def _settings(home: Path) -> EngineSettings:
    return EngineSettings(
        bootstrap="",
        group="g",
        worker="w",
        data_dir=home,
        anchor="anchor",
        changelog="changelog",
        round_interval=_INTERVAL,
    )


def test_what_comes_before_the_next_round_is_due_shares_it(tmp_path: Path, producer: type[_Producer]) -> None:
    batches: list[Any] = [_Batch() for _ in range(4)]
    producer.takes = _INTERVAL * 2

    async def work(rounds: Rounds) -> None:
        first = rounds.join(batches[0])
        await asyncio.to_thread(producer.has_begun.wait)
        await asyncio.gather(*map(rounds.join, batches[1:3]))
        await first
        await rounds.join(batches[3])

    _run(_settings(tmp_path), work)
    assert [together for _, together in producer.began] == [batches[:1], batches[1:3], batches[3:]]
    assert all(each >= _INTERVAL * 0.9 for each in _intervals(producer))


def test_quick_rounds_follow_closer(tmp_path: Path, producer: type[_Producer]) -> None:
    async def work(rounds: Rounds) -> None:
        for _ in range(30):
            batch: Any = _Batch()
            await rounds.join(batch)

    _run(_settings(tmp_path), work)
    assert _intervals(producer)[-1] < _INTERVAL / 10


def _intervals(producer: type[_Producer]) -> list[float]:
    return [later - earlier for (earlier, _), (later, _) in pairwise(producer.began)]


def _run(settings: EngineSettings, work: Callable[[Rounds], Awaitable[None]]) -> None:
    async def run() -> None:
        watchdog = Watchdog(60.0, name="g")
        rounds = Rounds(settings, watchdog, on_committed=lambda _: None, on_refused=lambda *_: None)
        await rounds.start()
        await work(rounds)
        rounds.stop()

    asyncio.run(run())
