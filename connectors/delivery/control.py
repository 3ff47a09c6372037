"""What the threads of one process tell each other: that all should stop, and why; that something has changed."""

import time
from dataclasses import dataclass, field
from threading import Event

from schemas.records import Phase


@dataclass(slots=True)
class Status:
    """How one stream is doing, for people. `message`: the last trouble, empty when all is well."""

    phase: Phase = "starting"
    message: str = ""
    position: int = -1
    lag: int = 0
    #: Up to when everything has been delivered, in seconds since 1970; not further back than the start.
    fresh: float = field(default_factory=time.time)


@dataclass(slots=True)
class Control:
    """Set from any thread."""

    stop: Event = field(default_factory=Event)
    #: A status has changed, or all should stop: worth a look now.
    changed: Event = field(default_factory=Event)
    #: Why another process has taken over; None while it has not.
    fenced: str | None = None
    #: Whether the manifest was taken out: there is nothing more to do.
    gone: bool = False
    #: Who has paused the deliveries and why; empty while nobody has.
    paused: str = ""
    #: Revision of the catalogue by which all work, or a newer one that was asked for in vain. It stays as it is until
    #: they end: a delivery of a newer one is not to be written by this one.
    revision: int = 0
    #: Newest revision that was heard of.
    heard: int = 0

    def learn_of(self, revision: int) -> bool:
        """Whether this revision is newer than the one by which all work: then they stop, to begin again."""
        self.heard = max(self.heard, revision)
        if revision <= self.revision:
            return False
        self.stop_all()
        return True

    def stop_all(self) -> None:
        """Every loop ends after the batch it is at."""
        self.stop.set()
        self.changed.set()
