"""A key with its new claims and links: its golden record, who hears of it, and what goes to other keys."""

from collections.abc import Collection

from schemas.records import Claim, Entity, EntityState
from streams.answer import answered
from streams.claims import RowName, is_live
from streams.emit import Effects, Emitter, Parcel, Sender
from streams.links import still_here, still_said, target_of
from streams.merge import Cause, merge, raise_version
from streams.route import Routed, holders, is_reshaped, route, route_rename
from streams.rules import Rules
from streams.stand import standing
from streams.tell import MOST_HOPS, copies_again, tell
from streams.turn import Turn


class Settler:
    """The end of every record's way: from claims and links to states, deliveries and forwards."""

    def __init__(self, rules: Rules, emitter: Emitter) -> None:
        self._rules = rules
        self._emitter = emitter

    def settle(self, turn: Turn, cause: Cause, effects: Effects) -> EntityState:
        """Adds to `effects` all that the turn leads to; returns the state as it is now. Raises Unprocessable."""
        is_entangled, target, counted = turn.is_entangled, None, turn.claims
        if is_entangled:
            turn.links = still_said(turn.links, turn.claims)
            target = target_of(turn.links, turn.state["key"])
            counted = standing(still_here(turn.claims, turn.links), target)
        goes = None if is_live(counted) else target or turn.new_key
        after = self._merge(turn, counted, goes, cause)
        if after["value"] is None and goes is not None and turn.hops < MOST_HOPS:
            carried = bool(turn.followed) and turn.followed <= {goes, *([after["key"]] if target else ())}
            known: EntityState = {**after, "claims": turn.claims}
            routed = route_rename(known, self._rules.subscribers, goes, owed=turn.owed, carried=carried)
            turn.owes = [*turn.owes, *((goes, system) for system in turn.owed if self._rules.updates_own_rows(system))]
        else:
            owed = [*turn.owed, *answered(after, turn.heard)]
            routed = self._route(after, cause, owed=owed, before=turn.state["value"])
        # Detecting conflicts has its place here.
        after["routes"], after["claims"], after["links"] = routed.routes, turn.claims, turn.links
        self._emitter.state(after, effects)
        self._emitter.deliveries(after, routed, cause, effects)
        if target is not None:
            effects.forget_silence()  # the key that stands for this one has the last word
        if is_entangled or turn.says_more or routed.renamed:
            sender = Sender(after["key"], after["version"], target, turn.hops)
            links, parcels = tell(turn, sender, goes, routed.renamed)
            for alias, link in links:
                self._emitter.link(alias, link, sender, cause, effects)
            for parcel in parcels:
                self._emitter.forward(parcel, sender, cause, effects)
        return after

    def repeat(self, turn: Turn, names: set[RowName], cause: Cause, effects: Effects) -> None:
        """The last word of these rows once more: whoever holds the record gets it again, in case it was lost."""
        state = turn.state
        target: str | None = target_of(state["links"], state["key"])
        if target is None:
            known: EntityState = {**state, "claims": standing(still_here(state["claims"], state["links"]), target)}
            routed = route(known, self._rules.subscribers, owed=holders(state))
            self._emitter.deliveries(state, routed, cause, effects)
        elif turn.hops < MOST_HOPS:
            sender = Sender(state["key"], state["version"], target, turn.hops)
            self._emitter.forward(Parcel(target, copies_again(turn, target, names)), sender, cause, effects)

    def _merge(self, turn: Turn, counted: list[Claim], goes: str | None, cause: Cause) -> EntityState:
        before = turn.state
        if before["links"] and goes is None and target_of(before["links"], before["key"]) is not None:
            before = {**before, "moved_to": None}
        after = merge(before, counted, self._rules.authority, cause, moved_to=goes)
        if turn.owed or after["version"] != before["version"]:
            after["version"] = before["version"]
            raise_version(after, cause, above=max(turn.above, self._rules.versions_from))
        return after

    def _route(self, state: EntityState, cause: Cause, *, owed: Collection[str], before: Entity | None) -> Routed:
        """Who hears of a state. Whoever was sent this version in another form gets the new one as a version of its own:
        a target may refuse what it holds already."""
        routed = route(state, self._rules.subscribers, owed=owed, before=before)
        if is_reshaped(state, routed):
            raise_version(state, cause)
            routed = route(state, self._rules.subscribers, owed=owed, before=before)
        return routed
