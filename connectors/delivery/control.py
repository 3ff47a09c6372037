"""What the threads of one process tell each other: that all should stop, and why; that something has changed."""

import time
from dataclasses import dataclass, field
from threading import Event

from schemas.records import Phase

_JUDGED_SECONDS = 3.0
_POLL_SECONDS = 0.02


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
    #: Newest revision of the catalogue by which all may write: what it says of this system is what they were made by.
    #: Or one that was asked for in vain.
    revision: int = 0
    #: Newest revision that was heard of.
    heard: int = 0

    def may_write(self, revision: int) -> bool:
        """Whether deliveries that were made by this revision may be written by whoever asks. Waits a moment until it is
        known what that one says; where it is not, or says something else, all stop, to begin again with it.
        """
        if revision > self.revision:
            self.heard = max(self.heard, revision)
            self.changed.set()
            until = time.monotonic() + _JUDGED_SECONDS
            while revision > self.revision and time.monotonic() < until and not self.stop.wait(_POLL_SECONDS):
                pass
        if revision <= self.revision:
            return True
        self.stop_all()
        return False

    def stop_all(self) -> None:
        """Every loop ends after the batch it is at."""
        self.stop.set()
        self.changed.set()
