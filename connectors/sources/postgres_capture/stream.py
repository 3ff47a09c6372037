"""The stream after the snapshot: changes as they are committed, and the position that may be confirmed."""

import time
from typing import Final

from connectors.errors import SourceUnavailable
from connectors.sources.postgres_capture.pgoutput import Pgoutput
from connectors.sources.postgres_capture.replication import Replication
from connectors.values import Change

_CHANGES_AT_ONCE: Final = 1000
_BYTES_AT_ONCE: Final = 4_000_000
_WAL_DATA, _KEEPALIVE = b"wk"
#: Place of the byte of a keepalive that wants an answer: the server is about to give us up, or to stop.
_ANSWER_WANTED: Final = 17
#: Seconds between reports to the server: of a position, while it sends, while it is silent.
_REPORT_SECONDS: Final = 0.1
_LIFE_SECONDS: Final = 1.0
_ASK_SECONDS: Final = 10.0
_SILENCE_SECONDS: Final = 60.0


class Stream:
    """Reads one replication connection that has been started. Every method raises psycopg.Error."""

    def __init__(self, replication: Replication, decoder: Pgoutput, *, after: int) -> None:
        self._replication = replication
        self._decoder = decoder
        decoder.settled = self._handed_out = self._confirmed = self._reported = after
        self._heard = self._asked = self._reported_at = time.monotonic()
        self._answer_due = False
        #: Whether the last `take` has left changes behind that were there to be read.
        self.behind = False

    @property
    def position(self) -> int:
        """All commits up to here have been handed out."""
        return self._handed_out

    def take(self, timeout: float) -> tuple[list[Change], int] | None:
        """Changes, and the position up to which all commits have been handed out with them; None without news."""
        self._tell()
        changes: list[Change] = []
        if not self._drain(changes):
            self._replication.wait(timeout)
            self._drain(changes)
        if not changes and self._decoder.settled == self._handed_out:
            self._check_silence()
            self.behind = False
            return None
        self._handed_out = self._decoder.settled
        self.behind = len(changes) >= _CHANGES_AT_ONCE
        return changes, self._handed_out

    def confirm(self, position: int) -> None:
        """The server may forget what was committed before the position."""
        self._confirmed = max(self._confirmed, position)
        self._tell()

    def finish(self) -> None:
        """Tell the server what it has not been told yet, before the connection is closed."""
        if self._confirmed > self._reported:
            self._replication.report(received=self._handed_out, confirmed=self._confirmed)

    def _drain(self, changes: list[Change]) -> bool:
        """Decode what is here, up to a limit; whether there was anything."""
        get, decode, decoder = self._replication.get, self._decoder.decode, self._decoder
        room, received = _BYTES_AT_ONCE, False
        decoder.now = time.time_ns() // 1000
        while len(changes) < _CHANGES_AT_ONCE and room > 0:
            size, data = get(1)
            if size == 0:
                self._replication.wait(0)
                size, data = get(1)
            if size < 0:
                raise self._replication.ended()
            if size == 0:
                break
            received = True
            room -= size
            message = bytes(data)
            if message[0] == _WAL_DATA:
                decode(message, changes)
            elif message[0] == _KEEPALIVE:
                decoder.keepalive(message)
                self._answer_due |= message[_ANSWER_WANTED] == 1
        if received:
            self._heard = time.monotonic()
        return received

    def _tell(self) -> None:
        """Report what is due: a sign of life also comes first after a pause, before what has piled up is read."""
        now = time.monotonic()
        since = now - self._reported_at
        if now - self._asked >= _ASK_SECONDS:
            self._replication.ask(received=self._handed_out, confirmed=self._confirmed)
            self._asked = now
        elif (
            self._answer_due
            or (self._confirmed > self._reported and since >= _REPORT_SECONDS)
            or (self._heard > self._reported_at and since >= _LIFE_SECONDS)
        ):
            self._replication.report(received=self._handed_out, confirmed=self._confirmed)
        else:
            return
        self._answer_due = False
        self._reported, self._reported_at = self._confirmed, now

    def _check_silence(self) -> None:
        silent = time.monotonic() - self._heard
        if silent > _SILENCE_SECONDS:
            raise SourceUnavailable(f"reading the stream: the server has said nothing for {silent:.0f} s; reconnecting")
