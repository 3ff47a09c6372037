"""Graves are closed: a key that has been gone for so long that nobody will speak of it again is forgotten.

A marker in each partition of `identify.<entity>` says which graves: those of before its time. Whoever sends it knows
that every system of the entity has heard of them. The walk goes in steps, as that after a new catalogue does. Of each
grave the state, and what its subscribers were sent last, become tombstones.

What remains is a number: no key of the partition begins below the highest version that was closed. A target may refuse
what is older than what it has seen, also of a key that comes again.
"""

from schemas import topics
from schemas.identity import local
from schemas.records import Claim, EntityState, Forward
from streams.emit import Effects, Output
from streams.pipeline import Pipeline
from streams.place import Place
from streams.route import NOT_HELD
from streams.rules import Rules
from streams.walk import Walker


def is_closable(state: EntityState, before: int, rules: Rules) -> bool:
    """Whether nothing but its age is to be known of the key. What tells where other keys have gone is kept."""
    if state["status"] != "deleted" or state["value"] is not None or state["changed_time"] >= before:
        return False
    if state["moved_to"] is not None or state["aliases"] or state["links"]:
        return False
    if any(route["digest"] != NOT_HELD or route["system"] not in rules.receivers for route in state["routes"]):
        return False
    return all(_is_silent(claim, before) for claim in state["claims"])


def _is_silent(claim: Claim, before: int) -> bool:
    tells_of_others = claim["left_to"] is not None or claim["under"] or claim["aliases"] or claim["formerly"]
    return claim["values"] is None and not tells_of_others and claim["source_time"] < before


class GraveCloser:
    """The steps of one entity's walks."""

    def __init__(self, pipeline: Pipeline, walker: Walker) -> None:
        self._rules = pipeline.rules
        self._walker = walker
        self._entity = pipeline.entity

    def step(self, marker: Forward, place: Place) -> Effects:
        """What a marker causes in its partition."""
        effects, closed = Effects(), [place.closed]

        def look(key: bytes, value: bytes) -> None:
            state = place.read(value)
            if is_closable(state, marker["source_time"], self._rules):
                closed.append(state["version"])
                self._close(key, state, effects)

        self._walker.step(marker, place, look, effects)
        if max(closed) > place.closed:
            place.close_up_to(max(closed))
        return effects

    def _close(self, key: bytes, state: EntityState, effects: Effects) -> None:
        effects.states.append((key, None))
        own = {each.system for each in self._rules.subscribers if each.two_way is not None and each.two_way.own_rows}
        for route in state["routes"]:
            system, names = route["system"], [state["key"]]
            if system in own:
                names = [local(system, claim["row"]) for claim in state["claims"] if claim["system"] == system]
            effects.outputs += [Output(topics.to(system, self._entity), name.encode(), None) for name in names]
