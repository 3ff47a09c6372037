"""The catalogue has changed: every state of the partition is looked at again, some at a time, between live changes.

A marker in each partition of `identify.<entity>` says so. What stands behind it is worked by the new catalogue; what it
finds is looked at in steps. Each step ends with a marker to itself in the same transaction, so that the next worker
goes on where this one was killed. A newer marker makes an older walk end.
"""

import time
from typing import Final

from schemas import topics
from schemas.records import Forward, ForwardKind
from streams.emit import Effects, Output
from streams.merge import Cause
from streams.pipeline import Pipeline
from streams.place import Place
from streams.wire import Wire

#: A step looks at no more keys, takes no more seconds (live changes wait meanwhile) and sends no more bytes.
STEP_KEYS: Final = 2_000
STEP_SECONDS: Final = 0.1
STEP_BYTES: Final = 8_000_000
#: Whose change a new projection is: nobody's in the city.
ORIGIN: Final = "lienthong"


def marker(revision: int, *, at: int, after: bytes | None = None) -> Forward:
    """`revision` of the catalogue, published `at` (microseconds since 1970); go on `after` this key."""
    return walk_marker("reproject", f"{ORIGIN}/catalogue/{revision}/0/0", at=at, revision=revision, after=after)


def walk_marker(kind: ForwardKind, event_id: str, *, at: int, revision: int = 0, after: bytes | None) -> Forward:
    """A step of a walk over the states of a partition, which carries nothing but where it goes on."""
    return {
        "kind": kind,
        "formerly": "",
        "target": None,
        "claims": [],
        "version": 0,
        "renamed": [],
        "change": None,
        "event_id": event_id,
        "source_time": at,
        "hops": 0,
        "link": None,
        "revision": revision,
        "after": after,
        "complete": False,
    }


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
            following = marker(found["revision"], at=found["source_time"], after=last)
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
