"""What was captured, for the outcomes."""

import time

from schemas import identity
from schemas.records import ChangeEvent, Outcome


class Tally:
    """Counts the changes of one entity within one batch. Positions are commits, times microseconds since 1970."""

    __slots__ = ("count", "epoch", "event_id", "first", "last", "newest", "oldest")

    def __init__(self, event: ChangeEvent) -> None:
        self.epoch = event["epoch"]
        # Parts of one snapshot, or of one large transaction, share their commit: the first event tells them apart.
        self.event_id = identity.event_id(event)
        self.first = self.last = event["commit"]
        self.oldest = self.newest = event["source_time"]
        self.count = 0

    def add(self, event: ChangeEvent) -> None:
        """Changes come in the order of their commits, though not of their clocks."""
        self.last = event["commit"]
        at = event["source_time"]
        if at > self.newest:
            self.newest = at
        elif at < self.oldest:
            self.oldest = at
        self.count += 1

    def outcome(self, system: str, entity: str) -> Outcome:
        """That they were captured."""
        return Outcome(
            result="captured",
            system=system,
            entity=entity,
            topic="",
            partition=-1,
            first=self.first,
            last=self.last,
            epoch=self.epoch,
            count=self.count,
            reason=None,
            event_id=self.event_id,
            oldest_source_time=self.oldest,
            newest_source_time=self.newest,
            time=time.time_ns() // 1000,
            process=f"source/{system}",
            field=None,
        )
