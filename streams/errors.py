"""What goes wrong in the streams."""

from schemas.dead_letters import Reason
from schemas.records import Stage


class StreamsError(Exception):
    """Says what was being done, to what, and what to do now."""


class Unprocessable(StreamsError):  # noqa: N818 - reads as what happened
    """One record that cannot be processed as it is: it becomes a dead letter, and everything else flows on.

    Never raised for infrastructure trouble, which passes by itself and must not cost a record.
    """

    def __init__(self, stage: Stage, reason: Reason) -> None:
        super().__init__(f"{stage}: {reason.code}: {reason.message}")
        self.stage: Stage = stage
        self.reason = reason
