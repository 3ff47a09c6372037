"""A source's process that kills itself, -9, at chosen moments between Kafka's acknowledgement and the confirmed LSN.

`python -m tests.integration.dying_source SYSTEM KILLS [hasty]`: forks a process for each life, so that a hundred lives
cost no hundred starts of Python. Ends when so many have died; `hasty`: confirms what Kafka has not acknowledged, as a
wrong source would. Kafka takes its time.
"""

import os
import random
import signal
import sys
from collections.abc import Callable
from typing import Any

from connectors import run_source
from connectors.acknowledgements import Acknowledgements
from connectors.source_loop import SourceLoop
from connectors.sources.postgres import PostgresSource
from connectors.values import Changes

MOMENTS = ("handed over", "acknowledged", "confirmed")


def _die(*_: Any) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _then(done: Callable[..., Any], dies: Callable[[Any], bool]) -> Callable[..., Any]:
    def does(*arguments: Any) -> Any:
        found = done(*arguments)
        if dies(found):
            _die()
        return found

    return does


def _live(system: str, moment: str, calls: int) -> None:
    """One life: dies at the so-manieth time that changes come to this moment."""
    left = iter(range(calls, -1, -1))

    def is_time(_: Any) -> bool:
        return not next(left, 0)

    if moment == "handed over":
        hand_over = SourceLoop._hand_over

        def handed(self: SourceLoop, changes: Changes) -> None:
            hand_over(self, changes)
            if changes.items and is_time(None):
                _die()

        SourceLoop._hand_over = handed  # type: ignore[method-assign]
    elif moment == "acknowledged":
        confirm = PostgresSource.confirm
        PostgresSource.confirm = lambda self, token: _die() if is_time(None) else confirm(self, token)  # type: ignore
    else:
        PostgresSource.confirm = _then(PostgresSource.confirm, is_time)  # type: ignore[method-assign]
    sys.exit(run_source.main([system]))


def _slow_down() -> None:
    """What is handed over is on its way for a while."""
    settings = vars(run_source)["producer_settings"]
    vars(run_source)["producer_settings"] = lambda bootstrap, **more: settings(bootstrap, **more | {"linger.ms": 500})


def _confirm_at_once() -> None:
    """The mistake: a token counts as soon as its batch was handed over."""
    Acknowledgements.settled = lambda self: self._batches.popleft().token if self._batches else None  # type: ignore


def main() -> None:
    """See above."""
    system, kills, hasty = sys.argv[1], int(sys.argv[2]), sys.argv[3:] == ["hasty"]
    _slow_down()
    if hasty:
        _confirm_at_once()
    chance = random.Random(kills)
    for life in range(kills):
        moment = "confirmed" if hasty else MOMENTS[life % len(MOMENTS)]
        process = os.fork()
        if not process:
            _live(system, moment, chance.randint(10, 20) if hasty else chance.randint(0, 5))
        _, status = os.waitpid(process, 0)
        assert os.WIFSIGNALED(status), status
        print(moment, flush=True)


if __name__ == "__main__":
    main()
