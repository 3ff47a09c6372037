"""Who is to hear of a state, and what: upsert, delete, rename, or nothing."""

from collections.abc import Collection, Sequence
from hashlib import blake2b
from typing import NamedTuple

from schemas.identity import local
from schemas.records import Claim, DeliveryOperation, Entity, EntityState, Result, Route
from streams.claims import is_gone
from streams.expect_echo import expect_echo, rows_of, shows_already
from streams.project import Projection, Subscriber, View
from streams.two_way import TwoWay

#: Digest of a subscriber that does not hold the record.
NOT_HELD = b""
#: Digest of a system that subscribes no more: it may hold the record still, and is told if it ever comes back.
LEFT_BEHIND = b"\0"


class Sent(NamedTuple):
    """One delivery. `view`: what the subscriber may see, in an upsert; None otherwise. `key`: that of the delivery."""

    subscriber: Subscriber
    operation: DeliveryOperation
    view: View | None
    key: str


class Routed(NamedTuple):
    """`routes`: what every subscriber was last sent, to be kept in the state.

    `results`: one a subscriber, and one a row where the subscriber's own rows are updated.
    """

    routes: list[Route]
    sent: list[Sent]
    results: list[tuple[Result, str]]
    #: Of each system's route.
    places: dict[str, int]

    @classmethod
    def begin(cls, state: EntityState) -> "Routed":
        """Nobody has been told yet."""
        routes = state["routes"]
        return cls(list(routes), [], [], {entry["system"]: place for place, entry in enumerate(routes)})

    def held(self, system: str) -> bytes:
        """Digest of what the system was last sent."""
        place = self.places.get(system)
        return NOT_HELD if place is None else self.routes[place]["digest"]

    @property
    def renamed(self) -> list[str]:
        """The subscribers that were sent a rename."""
        return [sent.subscriber.system for sent in self.sent if sent.operation == "rename"]


def route(
    state: EntityState,
    subscribers: Sequence[Subscriber],
    *,
    owed: Collection[str] = (),
    before: Entity | None = None,
) -> Routed:
    """Tells every subscriber whose view has changed. `owed`: systems that get the present truth in any case.

    `before`: the golden record as it was routed last, if it is known.
    """
    key, value, version = state["key"], state["value"], state["version"]
    routed = Routed.begin(state)
    views: dict[Projection, View] = {}
    for subscriber in subscribers:
        system = subscriber.system
        if subscriber.two_way is not None:
            _route_back(routed, subscriber, subscriber.two_way, state, before=before, is_owed=system in owed)
            continue
        held = routed.held(system)
        if value is None or not subscriber.wants(key, value):
            if held != NOT_HELD or system in owed:
                _send(routed, Sent(subscriber, "delete", None, key), _entry(system, version, NOT_HELD))
            else:
                routed.results.append(("filtered", system))
            continue
        view = _view(subscriber.projection, value, views)
        digest = subscriber.digest(view)
        if digest != held or system in owed:
            _send(routed, Sent(subscriber, "upsert", view, key), _entry(system, version, digest))
        else:
            routed.results.append(("unchanged", system))
    return routed


def _route_back(  # noqa: PLR0913 - a system that also speaks needs to know what it has said
    routed: Routed,
    subscriber: Subscriber,
    two_way: TwoWay,
    state: EntityState,
    *,
    before: Entity | None,
    is_owed: bool,
) -> None:
    """The same for a system that also publishes: what it shows already is not sent, what may come back is noted."""
    system, value, claims = subscriber.system, state["value"], state["claims"]
    place = routed.places.get(system)
    entry = _entry(system, 0, NOT_HELD) if place is None else routed.routes[place]
    held = entry["digest"]
    keys = _keys_back(state, subscriber, two_way)
    if value is None or not keys or not _is_in_scope(subscriber, state["key"], value):
        _leave_scope(routed, subscriber, two_way, state, entry=entry, is_owed=is_owed)
        return
    view = subscriber.projection.project(value)
    digest = _digest_back(subscriber, view, two_way, keys)
    if digest == held and not is_owed:
        routed.results.append(("unchanged", system))
        return
    was_sent = _was_sent(subscriber, before, two_way, keys, held)
    if not is_owed and (was_sent or (two_way.own_rows and held == NOT_HELD)):
        unchanged = _unchanged(subscriber, before, value) if was_sent else set()
        if shows_already(entry["unconfirmed"], claims, view.fields, subscriber.projection.fields, unchanged, two_way):
            _note(routed, {**entry, "version": state["version"], "digest": digest})
            routed.results.append(("unchanged", system))
            return
    if not is_owed and held == NOT_HELD and _is_on_its_way(state, two_way):
        routed.results.append(("unchanged", system))
        return
    told: Route = {**entry, "version": state["version"], "digest": digest}
    expected = expect_echo(told, claims, view.fields, two_way, answers=is_owed)
    for key in keys:
        _send(routed, Sent(subscriber, "upsert", view, key), expected)


def _is_on_its_way(state: EntityState, two_way: TwoWay) -> bool:
    """Whether the system's own rows still stand under other keys there, and came here from those: a rename takes them
    here, and what is sent before it would make a second row, at the cost of the first. Where our own rename has taken
    a row to a key at which it does not count, none will."""
    rows = [] if two_way.own_rows else list(rows_of(state["claims"], two_way))
    return bool(rows) and all(_comes(row, state) for row in rows)


def _comes(row: Claim, state: EntityState) -> bool:
    name = row.get("named")
    if name in (None, state["key"]):
        return False
    return bool(row.get("unheard")) or name in row["formerly"] or name in state["aliases"]


def _leave_scope(  # noqa: PLR0913
    routed: Routed, subscriber: Subscriber, two_way: TwoWay, state: EntityState, *, entry: Route, is_owed: bool
) -> None:
    gone: Route = {**entry, "version": state["version"], "digest": NOT_HELD}
    if not two_way.own_rows and (entry["digest"] != NOT_HELD or is_owed):
        _send(routed, Sent(subscriber, "delete", None, state["key"]), gone)
        return
    if entry["digest"] != NOT_HELD:
        # Its own rows are not ours to delete; should the record come back, it is sent again.
        _note(routed, gone)
    routed.results.append(("filtered", subscriber.system))


def _was_sent(subscriber: Subscriber, before: Entity | None, two_way: TwoWay, keys: list[str], held: bytes) -> bool:
    """Whether the last delivery told what was golden before, to the same rows."""
    if before is None or held == NOT_HELD:
        return False
    return _digest_back(subscriber, subscriber.projection.project(before), two_way, keys) == held


def _unchanged(subscriber: Subscriber, before: Entity | None, value: Entity) -> set[str]:
    return {field for field in subscriber.projection.fields if before is not None and before[field] == value[field]}


def _keys_back(state: EntityState, subscriber: Subscriber, two_way: TwoWay) -> list[str]:
    if not two_way.own_rows:
        return [state["key"]] if subscriber.can_hold(state["key"]) else []
    return sorted({local(two_way.system, claim["row"]) for claim in rows_of(state["claims"], two_way)})


def _digest_back(subscriber: Subscriber, view: View, two_way: TwoWay, keys: list[str]) -> bytes:
    digest = subscriber.digest(view)
    return blake2b(digest + "\0".join(keys).encode(), digest_size=8).digest() if two_way.own_rows else digest


def route_rename(
    state: EntityState,
    subscribers: Sequence[Subscriber],
    new_key: str,
    *,
    owed: Collection[str] = (),
    carried: bool = False,
) -> Routed:
    """Tells every subscriber that holds the record its new key; who cannot hold that key loses the record.

    `owed`: systems that were sent a rename to this key, and may hold the record for that. `carried`: what the rename
    brings here has gone on to `new_key`, too. The state has all claims of the key, also such as count elsewhere.
    """
    routed = Routed.begin(state)
    for subscriber in subscribers:
        system = subscriber.system
        held, made_here = routed.held(system), _has_made_it(system, state)
        if held == NOT_HELD and system not in owed and not made_here:
            routed.results.append(("filtered", system))
            continue
        entry = _entry(system, state["version"], NOT_HELD)
        if subscriber.two_way is not None and subscriber.two_way.own_rows:
            # The numbers of its rows do not change with the key, and what is on its way to them arrives.
            old = next((old for old in state["routes"] if old["system"] == system), entry)
            _note(routed, {**entry, "unconfirmed": old["unconfirmed"], "texts": old["texts"]})
            routed.results.append(("filtered", system))
            continue
        # What only a rename on its way brings here goes on with its rows where people write into it: that would else be
        # lost. Elsewhere it is taken away: the next key may be another's by then; where it belongs it is sent anew.
        carries = carried and subscriber.two_way is not None
        follows = carries or made_here or held != NOT_HELD
        operation: DeliveryOperation = "rename" if follows and subscriber.can_hold(new_key) else "delete"
        _send(routed, Sent(subscriber, operation, None, state["key"]), entry)
    return routed


def _has_made_it(system: str, state: EntityState) -> bool:
    """Whether a system that was never told of this key has a row of its own making by it: another key spoke for the row
    before this one had heard of it."""
    if any(entry["system"] == system for entry in state["routes"]):
        return False
    own = [claim for claim in state["claims"] if claim["system"] == system and not claim["under"]]
    return any(claim.get("named") == state["key"] and not is_gone(claim) for claim in own)


def due(state: EntityState, subscriber: Subscriber) -> list[tuple[str, View | None]] | None:
    """What the subscriber should hold by now: the keys of its deliveries, each with its view, or None for no record.

    None as a whole: it was never told of this key, or is yet to be told what is golden now.
    """
    key, value, two_way = state["key"], state["value"], subscriber.two_way
    held = next((entry["digest"] for entry in state["routes"] if entry["system"] == subscriber.system), None)
    if held is None:
        return None
    keys = [key] if two_way is None else _keys_back(state, subscriber, two_way)
    if value is None or not keys or not _is_in_scope(subscriber, key, value):
        gone: list[tuple[str, View | None]] = [] if two_way is not None and two_way.own_rows else [(key, None)]
        return gone if held == NOT_HELD else None
    view = subscriber.projection.project(value)
    digest = subscriber.digest(view) if two_way is None else _digest_back(subscriber, view, two_way, keys)
    return [(each, view) for each in keys] if digest == held else None


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
        entry if entry["system"] in receivers else {**entry, "digest": LEFT_BEHIND, "unconfirmed": [], "texts": []}
        for entry in routes
    ]


def _is_in_scope(subscriber: Subscriber, key: str, value: Entity) -> bool:
    if subscriber.two_way is None:
        return subscriber.wants(key, value)
    return subscriber.where is None or subscriber.where(value)


def _view(projection: Projection, value: Entity, views: dict[Projection, View]) -> View:
    view = views.get(projection)
    if view is None:
        view = views[projection] = projection.project(value)
    return view


def _send(routed: Routed, sent: Sent, entry: Route) -> None:
    routed.sent.append(sent)
    routed.results.append(("routed", entry["system"]))
    _note(routed, entry)


def _note(routed: Routed, entry: Route) -> None:
    place = routed.places.get(entry["system"])
    if place is None:
        routed.places[entry["system"]] = len(routed.routes)
        routed.routes.append(entry)
    else:
        routed.routes[place] = entry


def _entry(system: str, version: int, digest: bytes) -> Route:
    return {"system": system, "version": version, "digest": digest, "unconfirmed": [], "texts": []}
