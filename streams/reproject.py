"""The catalogue has changed: every state of the partition is looked at again, some at a time, between live changes.

A marker in each partition of `identify.<entity>` says so. What stands behind it is worked by the new catalogue; what it
finds is looked at in steps. Each step ends with a marker to itself in the same transaction, so that the next worker
goes on where this one was killed. A newer marker makes an older walk end.
"""

import time
from typing import Final

from schemas import topics
from schemas.records import Forward
from streams.emit import Effects, Output
from streams.merge import Cause
from streams.pipeline import Pipeline
from streams.place import Place
from streams.walk_markers import ORIGIN, reproject
from streams.wire import Wire

#: A step looks at no more keys, takes no more seconds (live changes wait meanwhile) and sends no more bytes.
STEP_KEYS: Final = 2_000
STEP_SECONDS: Final = 0.1
STEP_BYTES: Final = 8_000_000


class Reprojection:
    """The steps of one entity's walks. `seconds` that a step takes at most."""

    def __init__(self, pipeline: Pipeline, wire: Wire, *, revision: int, seconds: float = STEP_SECONDS) -> None:
        self._pipeline = pipeline
        self._wire = wire
        self._revision = revision
        self._seconds = seconds
        self._topic = topics.identify(pipeline.entity)

    def step(self, found: Forward, place: Place, *, partition: int) -> Effects:
        """What a marker causes in its partition. Raises Unprocessable."""
        effects, worked = Effects(), place.worked
        if found["revision"] < worked.marker:
            return effects
        if found["revision"] > worked.marker:
            place.work_by(worked._replace(marker=found["revision"]))
        cause = Cause(found["event_id"], ORIGIN, found["source_time"], time.time_ns() // 1000, self._revision)
        last = self._look_again(found["after"], place, cause, effects)
        if last is not None:
            following = reproject(found["revision"], at=found["source_time"], after=last)
            value = self._wire.write_forward(following)
            effects.outputs.append(Output(self._topic, None, value, partition=partition))
        effects.forget_silence()
        return effects

    def _look_again(self, after: bytes | None, place: Place, cause: Cause, effects: Effects) -> bytes | None:
        """The last key that was looked at, where there are more."""
        until, sent, counted = time.monotonic() + self._seconds, 0, 0
        last: bytes | None = None
        for keys, (key, state) in enumerate(place.after(after)):
            if last is not None and (keys >= STEP_KEYS or sent > STEP_BYTES or time.monotonic() > until):
                return last
            self._pipeline.look_again(state, cause, effects)
            sent += sum(len(output.value or b"") for output in effects.outputs[counted:])
            last, counted = key, len(effects.outputs)
        return None
