"""What a statement sees: which transactions had ended, and were made visible, when its snapshot was taken.

A transaction is in the WAL before others can see it: a snapshot can lack one that the stream has shown already.
"""

from typing import Final, NamedTuple

#: The stream names transactions by 32 bits, a snapshot by 64.
_BITS: Final = 0xFFFF_FFFF
_HALF: Final = 0x8000_0000


class Seen(NamedTuple):
    """One snapshot. `running`: transactions that had begun and are not seen; all from `end` on are not seen either."""

    end: int
    running: frozenset[int]

    def covers(self, transaction: int) -> bool:
        """Whether it sees this transaction, named by 32 bits."""
        behind = (self.end - transaction) & _BITS
        return 0 < behind < _HALF and (self.end - behind) not in self.running


def parse(text: str) -> Seen:
    """`xmin:xmax:xid,xid,…` as PostgreSQL writes it."""
    _, end, running = text.split(":")
    return Seen(int(end), frozenset(int(transaction) for transaction in running.split(",") if transaction))
