"""A walk over all states of a partition, some at a time, so that live changes come between the steps.

A marker in the partition of `identify.<entity>` sets it off. Each step ends with that marker once more in the same
transaction, which says where to go on, so that the next worker goes on where this one was killed.
"""

import time
from collections.abc import Callable
from typing import Final

from schemas.records import Forward
from streams.emit import Effects, Emitter
from streams.place import Place

#: A step looks at no more keys, takes no more seconds (live changes wait meanwhile) and sends no more bytes.
STEP_KEYS: Final = 20_000
STEP_SECONDS: Final = 0.1
STEP_BYTES: Final = 8_000_000


class Walker:
    """Takes the steps of one entity's walks. `seconds` that a step takes at most."""

    def __init__(self, emitter: Emitter, *, seconds: float = STEP_SECONDS) -> None:
        self._emitter = emitter
        self._seconds = seconds

    def step(self, marker: Forward, place: Place, look: Callable[[bytes, bytes], None], effects: Effects) -> None:
        """Looks at some keys and their states, at least at one; `look` adds to `effects` what that causes."""
        until, sent, counted = time.monotonic() + self._seconds, 0, 0
        last: bytes | None = None
        for keys, (key, state) in enumerate(place.after(marker["after"])):
            if last is not None and (keys >= STEP_KEYS or sent > STEP_BYTES or time.monotonic() > until):
                self._emitter.marker({**marker, "after": last}, place.partition, effects)
                return
            look(key, state)
            sent += sum(len(output.value or b"") for output in effects.outputs[counted:])
            last, counted = key, len(effects.outputs)
