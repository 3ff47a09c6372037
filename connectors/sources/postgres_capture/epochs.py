"""Which epoch a change belongs to, by the place of its commit in the WAL.

An epoch that begins while the stream goes on begins at a place, which is kept before any of it is handed out: so the
same change has the same epoch, and the same id, whenever it is read again.
"""

from collections.abc import Iterable
from typing import Final

from connectors.sources.postgres_capture import lsn

_MOST: Final = 32


class Epochs:
    """Places and the epochs that begin there, in their order."""

    def __init__(self, begun: Iterable[tuple[str, int]], *, last: int) -> None:
        """`begun` as kept; without any, all is of the epoch `last`."""
        self._begun = [(lsn.parse(place), epoch) for place, epoch in begun] or [(0, last)]

    def of(self, commit: int) -> int:
        """The epoch of a commit at this place."""
        return next((epoch for place, epoch in reversed(self._begun) if commit >= place), self._begun[0][1])

    def begin(self, place: int, epoch: int) -> None:
        """What is committed from this place on is of this epoch; nothing of that has been decoded yet."""
        self._begun.append((place, epoch))


def followed_by(begun: Iterable[tuple[str, int]], place: int, epoch: int) -> tuple[tuple[str, int], ...]:
    """What to keep once another epoch begins. How far back the server may begin again is not known: not very far."""
    before = tuple(begun) or (("0/0", epoch - 1),)
    return (*before, (lsn.spell(place), epoch))[-_MOST:]
