"""One line that tells how something long is going."""

import time

from rich.status import Status

from console.screen import is_live, screen

#: Where nobody watches, a line now and then is enough for a log.
_LINE_SECONDS = 1.0


class LiveLine:
    """One line that is redrawn where a person watches; elsewhere a line now and then, when it has changed."""

    def __init__(self) -> None:
        self._status = Status("", console=screen) if is_live() else None
        self._told = ""
        self._told_at = float("-inf")

    def __enter__(self) -> "LiveLine":
        if self._status:
            self._status.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._status:
            self._status.stop()

    def show(self, line: str) -> None:
        """Let the line be seen."""
        if self._status:
            self._status.update(line)
        elif line != self._told and time.monotonic() - self._told_at > _LINE_SECONDS:
            screen.print(line, soft_wrap=True)
            self._told, self._told_at = line, time.monotonic()
