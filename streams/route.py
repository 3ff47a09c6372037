"""Who is to hear of a state, and what: upsert, delete, rename, or nothing."""

from collections.abc import Collection, Sequence
from typing import NamedTuple

from schemas.records import DeliveryOperation, Entity, EntityState, Result, Route
from streams.project import Projection, Subscriber

#: Digest of a subscriber that does not hold the record.
NOT_HELD = b""


class Sent(NamedTuple):
    """What one subscriber gets; `operation` None: nothing, `result` says why. `fields` only in an upsert."""

    subscriber: Subscriber
    operation: DeliveryOperation | None
    result: Result
    fields: Entity | None = None


class Routed(NamedTuple):
    """`routes`: what every subscriber was last sent, to be kept in the state. `sent`: one entry a subscriber."""

    routes: list[Route]
    sent: list[Sent]

    @property
    def renamed(self) -> list[str]:
        """The subscribers that were sent a rename."""
        return [one.subscriber.system for one in self.sent if one.operation == "rename"]


def route(state: EntityState, subscribers: Sequence[Subscriber], *, owed: Collection[str] = ()) -> Routed:
    """Tells every subscriber whose view has changed. `owed`: systems that get the present truth in any case."""
    key, value, version = state["key"], state["value"], state["version"]
    kept = {entry["system"]: entry for entry in state["routes"]}
    views: dict[Projection, Entity] = {}
    sent = []
    for subscriber in subscribers:
        system, projection = subscriber.system, subscriber.projection
        entry = kept.get(system)
        held = entry["digest"] if entry is not None else NOT_HELD
        if value is None or not subscriber.wants(key, value):
            gone = held != NOT_HELD or system in owed
            sent.append(Sent(subscriber, "delete", "routed") if gone else Sent(subscriber, None, "filtered"))
            if gone:
                kept[system] = _entry(system, version, NOT_HELD)
            continue
        view = views.get(projection)
        if view is None:
            view = views[projection] = projection.project(value)
        digest = projection.digest(view, subscriber.form)
        if digest == held and system not in owed:
            sent.append(Sent(subscriber, None, "unchanged"))
            continue
        sent.append(Sent(subscriber, "upsert", "routed", view))
        kept[system] = _entry(system, version, digest)
    return Routed(list(kept.values()), sent)


def route_rename(state: EntityState, subscribers: Sequence[Subscriber], new_key: str) -> Routed:
    """Tells every subscriber that holds the record its new key; who cannot hold that key loses the record."""
    kept = {entry["system"]: entry for entry in state["routes"]}
    sent = []
    for subscriber in subscribers:
        entry = kept.get(subscriber.system)
        if entry is None or entry["digest"] == NOT_HELD:
            sent.append(Sent(subscriber, None, "filtered"))
            continue
        operation: DeliveryOperation = "rename" if subscriber.can_hold(new_key) else "delete"
        sent.append(Sent(subscriber, operation, "routed"))
        kept[subscriber.system] = _entry(subscriber.system, state["version"], NOT_HELD)
    return Routed(list(kept.values()), sent)


def holders(state: EntityState) -> list[str]:
    """The systems that hold the record now."""
    return [entry["system"] for entry in state["routes"] if entry["digest"] != NOT_HELD]


def _entry(system: str, version: int, digest: bytes) -> Route:
    return {"system": system, "version": version, "digest": digest, "unconfirmed": []}
