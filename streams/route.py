"""Who is to hear of a state, and what: upsert, delete, rename, or nothing."""

from collections.abc import Collection, Sequence
from typing import NamedTuple

from schemas.records import DeliveryOperation, Entity, EntityState, Result, Route
from streams.project import Projection, Subscriber, View

#: Digest of a subscriber that does not hold the record.
NOT_HELD = b""
#: Digest of a system that subscribes no more: it may hold the record still, and is told if it ever comes back.
LEFT_BEHIND = b"\0"


class Sent(NamedTuple):
    """One delivery. `view`: what the subscriber may see, in an upsert; None otherwise."""

    subscriber: Subscriber
    operation: DeliveryOperation
    view: View | None


class Routed(NamedTuple):
    """`routes`: what every subscriber was last sent, to be kept in the state. `results`: one a subscriber."""

    routes: list[Route]
    sent: list[Sent]
    results: list[tuple[Result, str]]

    @property
    def renamed(self) -> list[str]:
        """The subscribers that were sent a rename."""
        return [subscriber.system for subscriber, operation, _ in self.sent if operation == "rename"]


def route(state: EntityState, subscribers: Sequence[Subscriber], *, owed: Collection[str] = ()) -> Routed:
    """Tells every subscriber whose view has changed. `owed`: systems that get the present truth in any case."""
    key, value, version = state["key"], state["value"], state["version"]
    routed = Routed(list(state["routes"]), [], [])
    views: dict[Projection, View] = {}
    for subscriber in subscribers:
        system = subscriber.system
        held = _held(state["routes"], system)
        if value is None or not subscriber.wants(key, value):
            if held != NOT_HELD or system in owed:
                _send(routed, subscriber, "delete", None, _entry(system, version, NOT_HELD))
            else:
                routed.results.append(("filtered", system))
            continue
        view = _view(subscriber.projection, value, views)
        digest = subscriber.digest(view)
        if digest != held or system in owed:
            _send(routed, subscriber, "upsert", view, _entry(system, version, digest))
        else:
            routed.results.append(("unchanged", system))
    return routed


def route_rename(state: EntityState, subscribers: Sequence[Subscriber], new_key: str) -> Routed:
    """Tells every subscriber that holds the record its new key; who cannot hold that key loses the record."""
    routed = Routed(list(state["routes"]), [], [])
    for subscriber in subscribers:
        system = subscriber.system
        if _held(state["routes"], system) == NOT_HELD:
            routed.results.append(("filtered", system))
            continue
        operation: DeliveryOperation = "rename" if subscriber.can_hold(new_key) else "delete"
        _send(routed, subscriber, operation, None, _entry(system, state["version"], NOT_HELD))
    return routed


def holders(state: EntityState) -> list[str]:
    """The systems that hold the record now."""
    return [entry["system"] for entry in state["routes"] if entry["digest"] != NOT_HELD]


def is_reshaped(state: EntityState, routed: Routed) -> bool:
    """Whether somebody who was sent this version is now sent something else under it.

    Nothing of the record has changed then, but what this subscriber gets of it has. `state` still has its old routes.
    """
    was = {entry["system"]: entry for entry in state["routes"]} if routed.sent else {}
    return any(
        old["version"] >= entry["version"] and old["digest"] != entry["digest"]
        for entry in routed.routes
        if (old := was.get(entry["system"])) is not None and old is not entry
    )


def remembered(routes: list[Route], receivers: Collection[str]) -> list[Route]:
    """The routes where only `receivers` subscribe: of all others it is kept that they may hold the record.

    Also of those who were told that it is gone: what they had not read by the time that they left, they never will.
    """
    return [
        entry if entry["system"] in receivers else {**entry, "digest": LEFT_BEHIND, "unconfirmed": []}
        for entry in routes
    ]


def _held(routes: list[Route], system: str) -> bytes:
    for entry in routes:
        if entry["system"] == system:
            return entry["digest"]
    return NOT_HELD


def _view(projection: Projection, value: Entity, views: dict[Projection, View]) -> View:
    view = views.get(projection)
    if view is None:
        view = views[projection] = projection.project(value)
    return view


def _send(
    routed: Routed, subscriber: Subscriber, operation: DeliveryOperation, view: View | None, entry: Route
) -> None:
    routed.sent.append(Sent(subscriber, operation, view))
    routed.results.append(("routed", subscriber.system))
    for place, old in enumerate(routed.routes):
        if old["system"] == entry["system"]:
            routed.routes[place] = entry
            return
    routed.routes.append(entry)


def _entry(system: str, version: int, digest: bytes) -> Route:
    return {"system": system, "version": version, "digest": digest, "unconfirmed": []}
