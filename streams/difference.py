"""What deliveries would change at the subscribers, record by record and field by field."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from schemas.records import Delivery, Entity, EntityState
from streams.project import Subscriber
from streams.route import LEFT_BEHIND, NOT_HELD


class FieldChange(NamedTuple):
    """One field that a subscriber would see otherwise; canonical values, None: empty."""

    field: str
    before: Any
    after: Any


class Change(NamedTuple):
    """One record at one subscriber. `before`, `after`: what it sees; None: it does not hold the record.

    `formerly`: the key under which it holds the record until then, where that changes.
    """

    system: str
    key: str
    before: Entity | None
    after: Entity | None
    formerly: str | None = None

    def fields(self) -> list[FieldChange]:
        """Those that differ, in the schema's order."""
        before, after = self.before or {}, self.after or {}
        names = after or before
        return [
            FieldChange(name, before.get(name), after.get(name))
            for name in names
            if before.get(name) != after.get(name)
        ]


@dataclass(slots=True)
class _Seen:
    before: Entity | None
    after: Entity | None = None
    moved_to: str | None = None


class Differences:
    """Takes deliveries in their order; what counts is the first state before, and the last after them."""

    def __init__(
        self,
        subscribers: Sequence[Subscriber],
        read_state: Callable[[bytes], EntityState],
        read_delivery: Callable[[bytes], Delivery],
    ) -> None:
        self._subscribers = {subscriber.topic: subscriber for subscriber in subscribers}
        self._read_state = read_state
        self._read_delivery = read_delivery
        self._seen: dict[tuple[str, str], _Seen] = {}

    def note(self, topic: str, state: bytes | None, value: bytes) -> None:
        """One delivery. `state`: that of the key from which it comes, as it was before anything was played."""
        subscriber, delivery = self._subscribers[topic], self._read_delivery(value)
        name = subscriber.system, delivery["key"]
        seen = self._seen.get(name)
        if seen is None:
            held = None if state is None else _view(self._read_state(state), subscriber)
            seen = self._seen[name] = _Seen(held)
        seen.after = delivery["fields"] if delivery["operation"] == "upsert" else None
        seen.moved_to = delivery["moved_to"] if delivery["operation"] == "rename" else None

    def changes(self) -> list[Change]:
        """By system and key; what would be sent again as it is held already is none."""
        formerly: dict[tuple[str, str], tuple[str, Entity | None]] = {}
        for (system, key), seen in self._seen.items():
            if seen.moved_to is not None and (system, seen.moved_to) in self._seen:
                formerly[system, seen.moved_to] = key, seen.before
        found = []
        for (system, key), seen in sorted(self._seen.items()):
            if seen.moved_to is not None and (system, seen.moved_to) in formerly:
                continue
            old_key, old = formerly.get((system, key), (None, None))
            before = seen.before if seen.before is not None else old
            if before != seen.after or old_key is not None:
                found.append(Change(system, key, before, seen.after, old_key))
        return found


def _view(state: EntityState, subscriber: Subscriber) -> Entity | None:
    """What the subscriber holds of a record by now; None where it holds nothing."""
    digest = next((route["digest"] for route in state["routes"] if route["system"] == subscriber.system), NOT_HELD)
    if digest in (NOT_HELD, LEFT_BEHIND) or state["value"] is None:
        return None
    return subscriber.projection.project(state["value"]).fields
