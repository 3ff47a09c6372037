"""Whether the city has run dry: everybody is at work, and nothing waits for a worker or a sink."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from console.backlog import NOTHING
from console.freshness import SILENCE_SECONDS
from console.observing import Picture
from schemas.catalogue import Catalogue
from schemas.topics import identify, raw, to


class Subscriber(NamedTuple):
    """How far one subscriber is with one entity, in deliveries. `expected` grows while sources are still read."""

    system: str
    entity: str
    done: int
    expected: int


class Obstacle(NamedTuple):
    """Why the city is not ready yet, and where to look when that does not change."""

    problem: str
    remedy: str


def subscribers(catalogue: Catalogue, picture: Picture) -> Iterator[Subscriber]:
    """Every subscriber: how many deliveries have met their end there, and how many there are in all by now.

    Counted where they are, in the delivery topic: what was captured does not tell, for several systems may speak of one
    record, and one record may be several rows of a system.
    """
    ledger = picture.ledger
    for entity in catalogue.entities():
        for system in catalogue.subscribers(entity):
            done = ledger.count("delivered", system, entity) + ledger.quarantined(system, entity, role="sink")
            waiting = picture.waiting.get(to(system, entity), NOTHING).records
            yield Subscriber(system, entity, done, done + waiting)


def obstacles(catalogue: Catalogue, picture: Picture, *, now: float) -> Iterator[Obstacle]:
    """What keeps the city from being ready, upstream first; nothing when it is. Nobody waits for who is paused.

    `now`: seconds since 1970. A process that is down is an obstacle also while nothing waits for it.
    """
    for system, manifest in catalogue.manifests.items():
        if manifest.publishes:
            yield from _connector_obstacle("source", system, picture, now)
    for entity in catalogue.entities():
        if not picture.workers.get(entity):
            start = "start one: LIENTHONG_WORKER=w1 faust -A streams.app worker --without-web"
            yield Obstacle(f"no worker of {entity} runs", start)
        for topic in [*(raw(system, entity) for system in catalogue.publishers(entity)), identify(entity)]:
            if count := picture.waiting.get(topic, NOTHING).records:
                yield Obstacle(f"{count:,} records of {topic} wait for the workers", "see the logs of the workers")
    for system, manifest in catalogue.manifests.items():
        if manifest.subscribes:
            yield from _sink_obstacle(system, manifest.subscribes, picture, now)


def _sink_obstacle(system: str, entities: Iterable[str], picture: Picture, now: float) -> Iterator[Obstacle]:
    if _is_paused(f"sink/{system}", picture):
        return
    yield from _connector_obstacle("sink", system, picture, now)
    for entity in entities:
        if count := picture.waiting.get(to(system, entity), NOTHING).records:
            yield Obstacle(f"{count:,} deliveries wait for the sink of {system}", "see the log of its connector")


def _connector_obstacle(role: str, system: str, picture: Picture, now: float) -> Iterator[Obstacle]:
    key, start = f"{role}/{system}", f"start it: python -m connectors.run_{role} {system}"
    state = picture.connectors.get(key)
    if _is_paused(key, picture):
        return
    if state is None:
        yield Obstacle(f"the {role} of {system} has not started", start)
    elif state["phase"] != "streaming":
        told = f": {state['message']}" if state["message"] else ""
        remedy = start if state["phase"] == "stopped" else "see the log of its connector"
        yield Obstacle(f"the {role} of {system} is in phase {state['phase']}{told}", remedy)
    elif (silent := now - state["time"] / 1e6) > SILENCE_SECONDS:
        yield Obstacle(f"the {role} of {system} has said nothing for {silent:.0f} s", start)


def _is_paused(key: str, picture: Picture) -> bool:
    state = picture.connectors.get(key)
    return key in picture.pauses or (state is not None and state["phase"] == "paused")
