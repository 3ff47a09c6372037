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
    #: Newest revision of the catalogue that is known here, or was asked for in vain.
    known_revision: int = 0

    def learn_of(self, revision: int) -> bool:
        """Deliveries were made by this revision. Whether it is news: then all stop, to begin again with it."""
        if revision <= self.known_revision:
            return False
        self.known_revision = revision
        self.stop_all()
        return True

    def stop_all(self) -> None:
        """Every loop ends after the batch it is at."""
        self.stop.set()
        self.changed.set()
