"""What happens to a change: validate, normalise, identify, suppress echo, deduplicate, merge, answer, route, emit.

Every step is a function in a file of its own; here they stand in their order. Nothing is sent before all that one
record causes is complete, so a step may refuse a record at any point by raising Unprocessable.
"""

import time
from collections.abc import Sequence
from contextlib import suppress

from schemas.dead_letters import Reason
from schemas.records import MARKERS, ChangeEvent, Claim, EntityState, Forward, HeldField, Link
from streams import walk_markers
from streams.claims import row_name
from streams.deduplicate import Floor, Verdict, deduplicate, is_overtaken
from streams.ear import NOTHING, Heard
from streams.emit import Effects, Emitter
from streams.errors import Unprocessable
from streams.floors import floor_record, floor_set_by, standing
from streams.identify import Said, identify, identify_unread
from streams.links import take, target_of
from streams.merge import Cause
from streams.normalise import normalise
from streams.place import Place
from streams.receive import receive, still_owed, take_to_heart
from streams.route import remembered
from streams.rules import Rules, linking, speaking
from streams.sent_echo import suppress_sent_echo
from streams.settle import Settler
from streams.suppress_echo import suppress_echo
from streams.tell import MOST_HOPS
from streams.told import Told
from streams.turn import Turn, call_back, learn, send_on, tell_aliases
from streams.validate import validate
from streams.wire import Wire


class Pipeline:
    """The steps of one entity. It keeps nothing between records but what the catalogue says."""

    def __init__(self, rules: Rules, wire: Wire) -> None:
        self.entity, self.revision = rules.entity, rules.revision
        self._rules = rules
        self.emitter = Emitter(rules.entity, wire)
        self._settler = Settler(rules, self.emitter)

    @property
    def rules(self) -> Rules:
        """What the catalogue says of the entity."""
        return self._rules

    def change(self, event: ChangeEvent, key: bytes | None, told: Told, place: Place) -> Effects:
        """What a record of a raw topic causes. `told`: who told it. Raises Unprocessable."""
        retired = self._rules.retired
        if retired and (event["system"], event["resource"]) in retired:
            return Effects(results=[("superseded", event["system"])])
        resource = validate(event, key, publisher=told.publisher, resources=self._rules.resources)
        cause = self._cause(told.event_id, told.system, told.time)
        if key is None or event["operation"] in MARKERS:
            return self._marker(event, cause, place)
        (state, earlier), floor = self._known(key, place, cause), place.floor(event["system"], event["resource"])
        try:
            mapped = normalise(event, resource, self._rules.empty)
            said = identify(event, state, mapped, resource)
            return self._say(said, state, floor, cause, held=mapped.held if mapped else ()).after(earlier)
        except Unprocessable as failure:
            effects = self._say(identify_unread(event, state, resource), state, floor, cause)
            if not is_overtaken(event, resource.revision, state["claims"], floor):
                effects.bury(failure)
            return effects.after(earlier)

    def forwarded(self, forward: Forward, key: bytes | None, place: Place) -> Effects:
        """What a record of `identify.<entity>` causes: claims from another key, a row's word on this one, or a
        request that it be sent again. Raises Unprocessable."""
        cause = self.cause_of(forward)
        if key and forward["kind"] in ("claims", "alias", "repeat"):
            state, earlier = self._known(key, place, cause)
            if forward["kind"] == "claims":
                return self._claims(forward, state, place, cause).after(earlier)
            if forward["kind"] == "repeat":
                return self._repeat(forward["renamed"], state, cause).after(earlier)
            if forward["link"] is not None:
                return self._link(forward["link"], forward["hops"], state, cause).after(earlier)
        raise Unprocessable("validate", Reason("unknown_forward", "no key, or of a later kind; update this worker"))

    def cause_of(self, forward: Forward) -> Cause:
        """Of what a record of `identify.<entity>` leads to."""
        event = forward["event_id"]
        return self._cause(event, event.partition("/")[0], forward["source_time"])

    def look_again(self, state: EntityState, cause: Cause, effects: Effects) -> None:
        """A key as the catalogue has it now: who speaks no more, whose word counts, who receives what."""
        before = {**state, "routes": list(state["routes"])}
        state["routes"] = remembered(state["routes"], self._rules.receivers)
        turn = Turn(state, speaking(state["claims"], self._rules), linking(state["links"], self._rules))
        found = Effects()
        if self._settler.settle(turn, cause, found) != before:
            effects.add(found)

    def retract(self, state: EntityState, place: Place, cause: Cause, effects: Effects) -> EntityState:
        """The state without the claims that markers have voided."""
        claims, fallen = standing(state["claims"], place.floor, keeps=self._rules.keeps)
        if not fallen:
            return state
        lost = Heard(lost=fallen & self._rules.two_ways.keys())
        self._settler.settle(Turn(state, claims, state["links"], heard=lost), cause, effects)
        return place.read(effects.states[-1][1] or b"")

    def _known(self, key: bytes, place: Place, cause: Cause) -> tuple[EntityState, Effects]:
        """What is known of a key, and what it leads to that some of it is void."""
        effects = Effects()
        state = self.retract(place.state(key), place, cause, effects)
        effects.forget_silence()
        return state, effects

    def _marker(self, marker: ChangeEvent, cause: Cause, place: Place) -> Effects:
        """A snapshot that has ended, or a truncated table: what was said before is void in the whole partition."""
        effects, system, resource = Effects(), marker["system"], marker["resource"]
        floor = floor_set_by(marker)
        if floor is None or floor <= place.floor(system, resource):
            return effects
        self.emitter.state(floor_record(marker, floor), effects)
        place.raised(system, resource, floor)
        self.emitter.marker(walk_markers.retract(cause.event_id, at=cause.source_time), place.partition, effects)
        return effects

    def _say(
        self, said: Said, state: EntityState, floor: Floor, cause: Cause, *, held: Sequence[HeldField] = ()
    ) -> Effects:
        """Claims made under the key itself, or under which another has left it. `held`: what waits for a person."""
        effects, heard, two_way = Effects(), NOTHING, self._rules.two_ways.get(cause.origin)
        if two_way is not None:
            said, heard = suppress_echo(said, state, floor, two_way)
        weighed = deduplicate(state["claims"], said.here, floor, keeps=self._rules.keeps)
        turn = Turn(state, weighed.claims, state["links"], heard=heard)
        learn(turn, weighed.late)
        tell_aliases(turn, said.here)
        if weighed.first == "news" and said.here:
            call_back(turn, said.here[0], said.new_key)
        if said.onward is not None and said.new_key is not None and weighed.goes_on:
            # Onward only with news: else the row has been here again since, and left again, or is here.
            send_on(turn, said.onward, said.new_key)
        self._end(turn, weighed.first, said.here, cause, effects)
        effects.held += held if weighed.first == "news" else ()
        return effects

    def _claims(self, forward: Forward, state: EntityState, place: Place, cause: Cause) -> Effects:
        """Claims that another key has sent; of several that are too much together, as many as there is room for."""
        claims = speaking(forward["claims"], self._rules)
        try:
            return self._receive(forward, claims, state, place, cause)
        except Unprocessable as failure:
            fitting: list[Claim] = []
            for claim in claims if len(claims) > 1 else ():
                with suppress(Unprocessable):
                    self._receive(forward, [*fitting, claim], state, place, cause)
                    fitting.append(claim)
            effects = self._receive(forward, fitting, state, place, cause)
            effects.bury(failure)
            return effects

    def _receive(
        self, forward: Forward, claims: list[Claim], known: EntityState, place: Place, cause: Cause
    ) -> Effects:
        """Whoever was sent a rename to this key is owed the present truth, whatever it is: the rename may have put a
        record here that has since moved on."""
        effects, state = Effects(), known.copy()
        claims, heard, told = suppress_sent_echo(claims, state, place.floor, self._rules.two_ways)
        turn = Turn(state, state["claims"], state["links"], heard=heard, hops=forward["hops"])
        turn.owed, turn.above = forward["renamed"], forward["version"]
        if turn.hops < MOST_HOPS:  # whatever two keys tell each other of a row, it ends
            turn.passed += told
            take_to_heart(turn, forward["formerly"], claims, self._rules.two_ways)
        first = receive(turn, forward, claims, place.floor, self._rules.keeps)
        turn.owes = still_owed(turn, forward["formerly"], self._rules.two_ways)
        self._end(turn, first, claims, cause, effects)
        return effects

    def _link(self, word: Link, hops: int, state: EntityState, cause: Cause) -> Effects:
        """What a row says of this key: that it is an alias of another, or no more."""
        effects, key = Effects(), state["key"]
        was = target_of(state["links"], key)
        links = take(state["links"], word) if hops < MOST_HOPS else state["links"]
        turn, target = Turn(state, state["claims"], links, hops=hops), target_of(links, key)
        # Where a row has come or gone, copies that went with it may have passed by where they should be.
        turn.sends_all = bool(word["system"]) and links is not state["links"] and target is not None
        if word["system"] and word["target"] not in (None, key, was, target) and state["claims"]:
            turn.answered = [str(word["target"])]
        if turn.has_changed:
            self._settler.settle(turn, cause, effects)
        effects.forget_silence()
        return effects

    def _repeat(self, systems: Sequence[str], state: EntityState, cause: Cause) -> Effects:
        """These systems do not show what they were sent: each that still subscribes gets the present truth, also where
        that is that there is no such record."""
        effects, turn = Effects(), Turn(state, state["claims"], state["links"])
        turn.owed = self._rules.receivers.intersection(systems)
        if turn.owed:
            self._settler.settle(turn, cause, effects)
        effects.forget_silence()
        return effects

    def _end(self, turn: Turn, first: Verdict, said: Sequence[Claim], cause: Cause, effects: Effects) -> None:
        if turn.has_changed:
            self._settler.settle(turn, cause, effects)
        elif first == "repeat":
            self._settler.repeat(turn, {row_name(claim) for claim in said}, cause, effects)
        if first == "superseded" and not turn.owed:
            effects.forget_silence()
            effects.results.append(("superseded", cause.origin))
        if turn.heard.echoes:
            effects.tell_echoes(turn.heard.echoes)

    def _cause(self, event: str, origin: str, source_time: int) -> Cause:
        return Cause(event, origin, source_time, time.time_ns() // 1000, self._rules.revision)
