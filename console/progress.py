"""Whether the city has run dry: every source streams, and nothing waits for a worker or a sink."""

from collections.abc import Iterator
from typing import NamedTuple

from console.backlog import NOTHING
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


def obstacles(catalogue: Catalogue, picture: Picture) -> Iterator[Obstacle]:
    """What keeps the city from being ready, upstream first; nothing when it is. Nobody waits for who is paused."""
    for system, manifest in catalogue.manifests.items():
        if manifest.publishes:
            yield from _source_obstacle(system, picture)
    for entity in catalogue.entities():
        for topic in [*(raw(system, entity) for system in catalogue.publishers(entity)), identify(entity)]:
            if count := picture.waiting.get(topic, NOTHING).records:
                yield Obstacle(f"{count:,} records of {topic} wait for the workers", "see the logs of the workers")
        for system in catalogue.subscribers(entity):
            yield from _sink_obstacle(system, entity, picture)


def _source_obstacle(system: str, picture: Picture) -> Iterator[Obstacle]:
    state = picture.connectors.get(f"source/{system}")
    if state is None:
        yield Obstacle(f"the source of {system} has not started", f"start it: python -m connectors.run_source {system}")
    elif state["phase"] not in ("streaming", "paused"):
        told = f": {state['message']}" if state["message"] else ""
        yield Obstacle(f"the source of {system} is in phase {state['phase']}{told}", "see the log of its connector")


def _sink_obstacle(system: str, entity: str, picture: Picture) -> Iterator[Obstacle]:
    count = picture.waiting.get(to(system, entity), NOTHING).records
    state = picture.connectors.get(f"sink/{system}")
    if not count or (state and state["phase"] == "paused"):
        return
    told = f" ({state['phase']}: {state['message']})" if state and state["message"] else ""
    remedy = "see the log of its connector" if state else f"start it: python -m connectors.run_sink {system}"
    yield Obstacle(f"{count:,} deliveries wait for the sink of {system}{told}", remedy)
