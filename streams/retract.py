"""A snapshot has ended, or a table was truncated: a walk finds the claims that this has voided.

They count no more as soon as the marker has raised the floor: whoever works a key of the partition takes them away
first. Nobody may ever speak of the others again, so all keys are looked at.
"""

from schemas.identity import event_position
from schemas.records import Forward
from streams.emit import Effects
from streams.pipeline import Pipeline
from streams.place import Place
from streams.walk import Walker


class Retraction:
    """The steps of one entity's walks."""

    def __init__(self, pipeline: Pipeline, walker: Walker) -> None:
        self._pipeline = pipeline
        self._walker = walker

    def step(self, marker: Forward, place: Place) -> Effects:
        """What a marker causes in its partition. Raises Unprocessable."""
        effects = Effects()
        source, *position = event_position(marker["event_id"])
        system, _, resource = source.partition("/")
        if tuple(position) < place.floor(system, resource):
            return effects  # a later marker walks by itself
        cause, needle = self._pipeline.cause_of(marker), resource.encode()

        def look(_: bytes, value: bytes) -> None:
            # Most of the others are told by their bytes, which is ten times as fast as decoding them.
            if needle in value:
                self._pipeline.retract(place.read(value), place, cause, effects)

        self._walker.step(marker, place, look, effects)
        effects.forget_silence()
        return effects
