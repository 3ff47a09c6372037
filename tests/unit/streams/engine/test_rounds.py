"""Rounds: the first begins at once, and what comes before the next is due goes together."""

import asyncio
import time
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
    """Commits at once, and remembers when."""

    began: list[tuple[float, list[Any]]]

    def __init__(self, *_: Any) -> None:
        pass

    def start(self) -> None:
        pass

    def stop(self) -> None:
        pass

    def commit(self, round_: Round) -> None:
        self.began.append((time.monotonic(), list(round_.batches)))


@pytest.fixture
def producer(monkeypatch: pytest.MonkeyPatch) -> type[_Producer]:
    _Producer.began = []
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
    settings = _settings(tmp_path)
    batches: list[Any] = [_Batch() for _ in range(4)]

    async def run() -> None:
        rounds = Rounds(
            settings,
            Watchdog(60.0, name="g"),
            on_committed=lambda _: None,
            on_refused=lambda *_: None,
        )
        await rounds.start()
        await rounds.join(batches[0])
        await asyncio.gather(*map(rounds.join, batches[1:3]))
        await rounds.join(batches[3])
        rounds.stop()

    asyncio.run(run())
    assert [together for _, together in producer.began] == [batches[:1], batches[1:3], batches[3:]]
    moments = [at for at, _ in producer.began]
    assert all(later - earlier >= _INTERVAL * 0.9 for earlier, later in pairwise(moments))
