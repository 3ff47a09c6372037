"""What happens to a change: validate, normalise, identify, suppress echo, deduplicate, merge, answer, route, emit.

Every step is a function in a file of its own; here they stand in their order. Nothing is sent before all that one
record causes is complete, so a step may refuse a record at any point by raising Unprocessable.
"""

import time
from collections.abc import Collection, Sequence

from schemas.dead_letters import Reason
from schemas.identity import event_id
from schemas.records import MARKERS, ChangeEvent, Claim, Entity, EntityState, Forward, HeldField
from streams.answer import answered
from streams.claims import is_live
from streams.deduplicate import NO_FLOOR, Floor, Weighed, deduplicate, is_overtaken
from streams.emit import Effects, Emitter
from streams.errors import Unprocessable
from streams.identify import Said, identify, identify_unread
from streams.merge import Cause, merge, raise_version
from streams.normalise import normalise
from streams.place import Place
from streams.retract import floor_record, floor_set_by, retract
from streams.route import Routed, holders, is_reshaped, remembered, route, route_rename
from streams.rules import Rules, speaking
from streams.suppress_echo import NOTHING, Heard, suppress_echo, suppress_sent_echo
from streams.validate import validate
from streams.wire import Wire


class Pipeline:
    """The steps of one entity. It keeps nothing between records but what the catalogue says."""

    def __init__(self, rules: Rules, wire: Wire) -> None:
        self.entity, self.revision = rules.entity, rules.revision
        self._rules = rules
        self._emitter = Emitter(rules.entity, wire)

    def change(self, event: ChangeEvent, key: bytes | None, publisher: str, place: Place) -> Effects:
        """What a record of `raw.<publisher>.<entity>` causes. Raises Unprocessable."""
        if (event["system"], event["resource"]) in self._rules.retired:
            return Effects(results=[("superseded", event["system"])])
        resource = validate(event, key, publisher=publisher, resources=self._rules.resources)
        cause = self._cause(event_id(event), event["system"], event["source_time"])
        if key is None or event["operation"] in MARKERS:
            return self._marker(event, cause, place)
        state, floor = place.state(key), place.floor(event["system"], event["resource"])
        try:
            mapped = normalise(event, resource, self._rules.empty)
            said = identify(event, state["key"], mapped, revision=resource.revision)
            return self._say(said, state, floor, cause, held=mapped.held if mapped else ())
        except Unprocessable as failure:
            effects = self._say(identify_unread(event, state["key"], state["claims"]), state, floor, cause)
            if not is_overtaken(event, resource.revision, state["claims"], floor):
                effects.bury(failure)
            return effects

    def claims(self, forward: Forward, key: bytes | None, place: Place) -> Effects:
        """What a record of `identify.<entity>` causes: claims that left another key for this one. Raises Unprocessable.

        Whoever was sent a rename to this key is owed the present truth, whatever it is: the rename may have put a
        record here that has since moved on.
        """
        if not key or forward["kind"] != "claims":
            raise Unprocessable("validate", Reason("unknown_forward", "no key, or of a later kind; update this worker"))
        cause = self._cause(forward["event_id"], forward["event_id"].partition("/")[0], forward["source_time"])
        state, said, keeps = place.state(key), speaking(forward["claims"], self._rules), self._rules.keeps
        floor = place.floor(said[0]["system"], said[0]["resource"]) if said else NO_FLOOR
        try:
            said, heard = suppress_sent_echo(said, state, floor, self._rules.two_ways)
            return self._receive(
                deduplicate(state["claims"], said, floor, keeps=keeps), state, forward, cause, heard=heard
            )
        except Unprocessable as failure:
            nothing = deduplicate(state["claims"], [], floor, keeps=keeps)
            effects = self._receive(nothing, state, forward, cause, heard=NOTHING)
            effects.bury(failure)
            return effects

    def look_again(self, state: EntityState, cause: Cause, effects: Effects) -> None:
        """A key as the catalogue has it now: who speaks no more, whose word counts, who receives what."""
        claims = speaking(state["claims"], self._rules)
        routes = remembered(state["routes"], self._rules.receivers)
        before = {**state, "routes": list(state["routes"])}
        state["routes"] = routes
        after = merge(state, claims, self._rules.authority, cause)
        routed = self._route(after, cause)
        after["routes"] = routed.routes
        if after != before:
            self._emit(after, routed, cause, effects)

    def _marker(self, marker: ChangeEvent, cause: Cause, place: Place) -> Effects:
        """A snapshot that has ended, or a truncated table: what was said before is void in the whole partition."""
        effects, system, resource = Effects(), marker["system"], marker["resource"]
        floor = floor_set_by(marker)
        if floor is None or floor <= place.floor(system, resource):
            return effects
        self._emitter.state(floor_record(marker, floor), effects)
        for state in place.mentioning(resource):
            standing = retract(state["claims"], marker, floor, keeps=self._rules.keeps)
            if standing is not state["claims"]:
                lost = Heard(lost={system} & self._rules.two_ways.keys())
                self._settle(state, standing, Said([]), cause, effects, heard=lost)
        place.raised(system, resource, floor)
        effects.forget_silence()
        return effects

    def _say(
        self, said: Said, state: EntityState, floor: Floor, cause: Cause, *, held: Sequence[HeldField] = ()
    ) -> Effects:
        """Claims made under the key itself, or under which another has left it. `held`: what waits for a person."""
        effects, heard = Effects(), NOTHING
        two_way = self._rules.two_ways.get(cause.origin)
        if two_way is not None:
            said, heard = suppress_echo(said, state, floor, two_way)
        weighed = deduplicate(state["claims"], said.here, floor, keeps=self._rules.keeps)
        if weighed.changed:
            # Onward only with news: else the row has been here again since, and left again, or is here.
            onward = said if weighed.first == "news" else Said([])
            self._settle(state, weighed.claims, onward, cause, effects, heard=heard)
            effects.held += held if weighed.first == "news" else ()
        elif weighed.first == "repeat":
            self._repeat(state, cause, effects)
        else:
            effects.results.append(("superseded", cause.origin))
        if heard.echoes:
            effects.tell_echoes(heard.echoes)
        return effects

    def _receive(
        self, weighed: Weighed, state: EntityState, forward: Forward, cause: Cause, *, heard: Heard
    ) -> Effects:
        """Claims that another key has sent."""
        effects = Effects()
        if weighed.changed or forward["renamed"]:
            after = merge(state, weighed.claims, self._rules.authority, cause)
            after["aliases"] = _aliases(state, forward)
            after["version"] = state["version"]
            raise_version(after, cause, above=forward["version"])
            # Detecting conflicts has its place here, and in `_settle`.
            owed = [*forward["renamed"], *answered(after, heard)]
            self._emit(after, self._route(after, cause, owed=owed, before=state["value"]), cause, effects)
        elif weighed.first == "repeat":
            self._repeat(state, cause, effects)
        else:
            effects.results.append(("superseded", cause.origin))
        return effects

    def _settle(  # noqa: PLR0913 - all that one record has said
        self,
        state: EntityState,
        claims: list[Claim],
        said: Said,
        cause: Cause,
        effects: Effects,
        *,
        heard: Heard = NOTHING,
    ) -> None:
        """The key with its new claims: its golden record, who hears of it, and what goes on to another key."""
        new_key = None if is_live(claims) else said.new_key
        after = merge(state, claims, self._rules.authority, cause, moved_to=new_key)
        if new_key is None:
            routed = self._route(after, cause, owed=answered(after, heard), before=state["value"])
        else:
            routed = route_rename(after, self._rules.subscribers, new_key)
        self._emit(after, routed, cause, effects)
        if said.onward is not None and said.new_key is not None:
            self._emitter.forward(
                said.onward, said.new_key, formerly=after, routed=routed, cause=cause, effects=effects
            )

    def _repeat(self, state: EntityState, cause: Cause, effects: Effects) -> None:
        """The last word once more: whoever holds the record gets it again, in case it was lost on the way."""
        routed = route(state, self._rules.subscribers, owed=holders(state))
        self._emitter.deliveries(state, routed, cause, effects)

    def _route(
        self, state: EntityState, cause: Cause, *, owed: Collection[str] = (), before: Entity | None = None
    ) -> Routed:
        """Who hears of a state. Whoever was sent this version in another form gets the new one as a version of its own:
        a target may refuse what it holds already."""
        routed = route(state, self._rules.subscribers, owed=owed, before=before)
        if is_reshaped(state, routed):
            raise_version(state, cause)
            routed = route(state, self._rules.subscribers, owed=owed, before=before)
        return routed

    def _emit(self, state: EntityState, routed: Routed, cause: Cause, effects: Effects) -> None:
        state["routes"] = routed.routes
        self._emitter.state(state, effects)
        self._emitter.deliveries(state, routed, cause, effects)

    def _cause(self, event: str, origin: str, source_time: int) -> Cause:
        return Cause(event, origin, source_time, time.time_ns() // 1000, self._rules.revision)


def _aliases(state: EntityState, forward: Forward) -> list[str]:
    known, formerly = state["aliases"], forward["formerly"]
    return known if formerly in known or formerly == state["key"] else [*known, formerly]
