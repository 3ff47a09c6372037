"""Wait for a server to answer, by asking, never by sleeping a fixed time."""

import time
from collections.abc import Callable
from pathlib import Path

from deploy.embedded.errors import StartError

_POLL_SECONDS = 0.05
_TAIL_BYTES = 1_500


def wait_for_answer(
    name: str, *, is_ready: Callable[[], bool], is_alive: Callable[[], bool], log: Path, seconds: float
) -> None:
    """Return when ``is_ready``. Raises StartError, with the end of its log, when it ends or stays silent too long."""
    deadline = time.monotonic() + seconds
    while not is_ready():
        if not is_alive():
            raise StartError(f"starting {name}: it ended. {log_end(log)}")
        if time.monotonic() > deadline:
            raise StartError(f"starting {name}: no answer in {seconds:.0f} s. {log_end(log)}")
        time.sleep(_POLL_SECONDS)


def log_end(log: Path) -> str:
    """The last lines of a log and where to read the rest."""
    if not log.exists() or not log.stat().st_size:
        return f"Its log {log} is empty"
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - _TAIL_BYTES))
        return f"The end of its log {log}:\n{file.read().decode(errors='replace').strip()}"
