"""Trouble with Kafka, and how long to wait when there is trouble."""

import random
import time
from collections.abc import Callable

from connectors.errors import ConnectorsError

_SHORTEST = 0.1
_LONGEST = 30.0


class KafkaTrouble(ConnectorsError):  # noqa: N818 - reads as what happened
    """Kafka cannot be reached or does not hold what is asked for; the loop tries again, with back-off, without end."""


class Backoff:
    """Waits about a quarter of the time that the trouble has lasted, so that its end is noticed soon after it."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._since: float | None = None

    def next_delay(self) -> float:
        """Seconds to wait now: 0.1 at first, 30 at most, spread so that many do not come back at once."""
        now = self._clock()
        self._since = now if self._since is None else self._since
        delay = min(_LONGEST, max(_SHORTEST, (now - self._since) / 4))
        return delay * random.uniform(0.8, 1.0)  # noqa: S311 - nobody is to be surprised by it

    def reset(self) -> None:
        """The trouble is over."""
        self._since = None
