"""Which processes a supervisor started, kept on disk so that its successor can end what a killed one left behind."""

import json
import os
import signal
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

from deploy.embedded.cache import Report
from deploy.embedded.identity import Identity

_GRACE_SECONDS = 6.0
_POLL_SECONDS = 0.05


def note(path: Path, processes: Mapping[str, Identity]) -> None:
    """Write down who runs, in one step."""
    fresh = path.with_name(path.name + ".new")
    fresh.write_text(json.dumps({name: asdict(identity) for name, identity in processes.items()}), encoding="utf-8")
    fresh.replace(path)


def noted(path: Path) -> dict[str, Identity]:
    """Who was written down; nobody when the file is missing or damaged."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        return {name: Identity(**identity) for name, identity in found.items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}


def end_leftovers(path: Path, *, report: Report) -> None:
    """End those of the written-down processes that still run.

    The kernel asked them to stop when their supervisor died: they get a grace period for it, then SIGKILL. A pid that
    another process has by now is left alone.
    """
    left = {name: identity for name, identity in noted(path).items() if identity.is_alive()}
    if left:
        report(f"ending what an earlier start, that was killed, left behind: {', '.join(left)}")
    for identity in left.values():
        with suppress(ProcessLookupError):
            os.kill(identity.pid, signal.SIGTERM)
    _wait(left, seconds=_GRACE_SECONDS)
    for identity in left.values():
        if identity.is_alive():
            with suppress(ProcessLookupError):
                os.kill(identity.pid, signal.SIGKILL)
    _wait(left, seconds=_GRACE_SECONDS)
    path.unlink(missing_ok=True)


def _wait(processes: Mapping[str, Identity], *, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while any(identity.is_alive() for identity in processes.values()) and time.monotonic() < deadline:
        time.sleep(_POLL_SECONDS)
