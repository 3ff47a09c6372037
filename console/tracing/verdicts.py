"""For each subscriber a verdict that an officer understands: it has the record, waits for it, or why not."""

from collections.abc import Callable, Iterator, Sequence

from console.deciding import live_claims
from console.tracing.journey import Delivered, Verdict
from console.tracing.lookups import Ending, Lookups
from console.tracing.reasons import Sentence, why_nothing
from console.tracing.sweep import Met
from schemas import topics
from schemas.catalogue import Catalogue
from schemas.identity import event_position
from schemas.records import EntityState, Route

_CARRIED_OUT = {"upsert": "has_it", "delete": "was_taken_away", "rename": "was_renamed"}


class Judge:
    """`sink_word`: what the sink of a system said last, empty where all is well, None where it is silent."""

    def __init__(
        self, catalogue: Catalogue, entity: str, lookups: Lookups, sink_word: Callable[[str], str | None]
    ) -> None:
        self._catalogue = catalogue
        self._entity = entity
        self._lookups = lookups
        self._sink_word = sink_word
        self._next_offsets = lookups.next_offsets()

    def verdict(self, state: EntityState, system: str, delivery: Delivered | None) -> Verdict:
        """`delivery`: the last to this subscriber, where one stands in Kafka."""
        route = next((route for route in state["routes"] if route["system"] == system), None)
        if delivery is None:
            return Verdict(system, (self._not_sent(state, system, route),))
        end = self._lookups.end(delivery.place, delivery.offset)
        if end is None and delivery.offset >= self._next_offsets.get(delivery.place, 0):
            return Verdict(system, tuple(self._waiting(system, delivery)))
        return Verdict(system, tuple(self._ended(state, system, delivery, end)))

    def later(self, state: EntityState, captured: Sequence[Met]) -> Iterator[Sentence]:
        """Changes of the record that are newer than what counts of their source: why do they not count?"""
        last: dict[str, tuple[int, int, int]] = {}
        for claim in state["claims"]:
            source = f"{claim['system']}/{claim['resource']}"
            last[source] = max(last.get(source, (-1, 0, 0)), (claim["epoch"], claim["commit"], claim["ordinal"]))
        for met in captured:
            source, *position = event_position(met.event_id)
            if tuple(position) <= last.get(source, (-1, 0, 0)):
                continue
            facts = {"system": topics.place(met.place[0]).system, "time": met.time}
            end = self._lookups.end(met.place, met.offset)
            if end is not None and end.result == "quarantined":
                yield "later_refused", facts | {"reason": end.reason, "message": end.message}
            elif end is None and met.offset >= self._next_offsets.get(met.place, 0):
                yield "later_waits", facts

    def held(self, state: EntityState) -> Iterator[Sentence]:
        """Fields that wait for a person."""
        for claim in live_claims(state):
            for held in claim["held"]:
                yield "held_field", {"field": held["field"], "system": claim["system"], "reason": held["reason"]}

    def _not_sent(self, state: EntityState, system: str, route: Route | None) -> Sentence:
        why = why_nothing(self._catalogue, state, entity=self._entity, system=system)
        if why is not None:
            return why
        if route is None or not route["digest"]:
            return "not_yet", {"system": system}
        if system in self._catalogue.publishers(self._entity):
            return "shows_already", {"system": system}
        return "known_before", {"system": system, "version": route["version"]}

    def _waiting(self, system: str, delivery: Delivered) -> Iterator[Sentence]:
        before = self._lookups.waiting_before(delivery.place, delivery.offset)
        yield (
            "on_its_way",
            {"system": system, "version": delivery.version, "time": delivery.time, "count": before},
        )
        told = self._sink_word(system)
        if told is None:
            yield "sink_silent", {"system": system}
        elif told:
            yield "sink_says", {"message": told}

    def _ended(self, state: EntityState, system: str, delivery: Delivered, end: Ending | None) -> Iterator[Sentence]:
        if end is None:
            yield "known_before", {"system": system, "version": delivery.version}
        elif end.result == "quarantined":
            reason = {"reason": end.reason, "message": end.message}
            yield "was_refused", {"system": system, "version": delivery.version, **reason}
        elif end.result == "filtered":
            subscription = self._catalogue.subscription(system, self._entity)
            yield "no_number", {"system": system, "kind": subscription.key.kind if subscription else ""}
        else:
            yield _CARRIED_OUT[delivery.operation], {"system": system, "version": delivery.version, "time": end.time}
            if delivery.operation == "delete":
                why = why_nothing(self._catalogue, state, entity=self._entity, system=system)
                yield from [why] if why else []
