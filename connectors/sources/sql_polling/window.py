"""From which cursor a round must read so that nothing that commits late is missed.

Only our own durations count, never a clock's time. A change takes its cursor and commits within `lateness` after. One
that the last whole reading, begun at T, did not see was committed after T and took its cursor after T - lateness; any
cursor that had been seen by then is no greater, since cursors only grow. So the newest cursor that was seen before
T - lateness is a floor for everything that is still unseen. An older floor is as right, only lower.
"""

from collections import deque
from typing import Any


class Window:
    """Moments are seconds of a clock that only ever goes forward; cursors are only handed back, never compared."""

    def __init__(self, floor: Any, *, lateness: float) -> None:
        """`floor`: None where everything is to be read."""
        self.floor = floor
        self._lateness = lateness
        self._seen: deque[tuple[float, Any]] = deque()

    def saw(self, newest: Any, *, at: float) -> None:
        """The newest cursor of a reading that ended at this moment."""
        if not self._seen or self._seen[-1][1] != newest:
            self._seen.append((at, newest))

    def whole(self, *, begun: float) -> None:
        """Everything from the floor on has been read, by a reading that began at this moment."""
        while self._seen and self._seen[0][0] <= begun - self._lateness:
            self.floor = self._seen.popleft()[1]
