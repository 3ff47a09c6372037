"""The catalogue has changed: a walk looks at every state again.

What stands behind the marker is worked by the new catalogue. A newer marker makes an older walk end.
"""

from schemas.records import Forward
from streams.emit import Effects
from streams.pipeline import Pipeline
from streams.place import Place
from streams.walk import Walker


class Reprojection:
    """The steps of one entity's walks."""

    def __init__(self, pipeline: Pipeline, walker: Walker) -> None:
        self._pipeline = pipeline
        self._walker = walker

    def step(self, marker: Forward, place: Place) -> Effects:
        """What a marker causes in its partition. Raises Unprocessable."""
        effects, worked = Effects(), place.worked
        if marker["revision"] < worked.marker:
            return effects
        if marker["revision"] > worked.marker:
            place.work_by(worked._replace(marker=marker["revision"]))
        cause = self._pipeline.cause_of(marker)

        def look(_: bytes, value: bytes) -> None:
            self._pipeline.look_again(place.read(value), cause, effects)

        self._walker.step(marker, place, look, effects)
        effects.forget_silence()
        return effects
