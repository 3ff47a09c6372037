"""How many records make a batch: few where each leads to many, for what a round writes must fit into a transaction."""

from typing import Final

#: Records of the first batch, of which nobody knows what they lead to.
_AT_FIRST: Final = 500
#: The part that the last batch has in the mean.
_SHARE: Final = 0.25


class BatchSize:
    """Learns from each batch that was committed. Lives on the event loop."""

    def __init__(self, *, most_records: int, most_outputs: int) -> None:
        self._most_records = most_records
        self._most_outputs = most_outputs
        self._outputs_each = most_outputs / min(_AT_FIRST, most_records)

    @property
    def records(self) -> int:
        """The most that the next batch should have; at least one."""
        return max(1, min(self._most_records, int(self._most_outputs / max(1.0, self._outputs_each))))

    def learn(self, records: int, outputs: int) -> None:
        """A batch of so many records has sent and put so many."""
        self._outputs_each += (outputs / records - self._outputs_each) * _SHARE
