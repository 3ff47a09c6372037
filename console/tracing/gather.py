"""Puts a record's journey together: its own state, where it stands in Kafka, what the store knows of its ends."""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from console.deciding import live_claims
from console.decoding import Decoder
from console.partitioner import partition_of
from console.reading import BEGINNING, Place
from console.tracing.journey import Delivered, Journey, Step, place_text
from console.tracing.lookups import Lookups
from console.tracing.sweep import Met, Sweep
from console.tracing.verdicts import Judge
from schemas import topics
from schemas.catalogue import Catalogue
from schemas.identity import event_position, local
from schemas.records import Claim, Delivery, EntityState

#: Clocks of sources and of Kafka differ; a delivery stands a little before the state that it tells.
_SKEW: Final = 60_000_000
#: Raw topics hold days of everybody's changes: so long is looked for those of one record.
_RAW_SECONDS: Final = 0.4
_MOST_CHANGES: Final = 20
_LATELY: Final = 30_000_000


@dataclass(frozen=True)
class Scene:
    """Where everything is asked. `sizes`: topic -> its number of partitions."""

    catalogue: Catalogue
    entity: str
    sweep: Sweep
    lookups: Lookups
    decoder: Decoder
    read_delivery: Callable[[bytes], Delivery]
    sizes: Mapping[str, int]


def gather(state: EntityState, scene: Scene) -> Journey:
    """Raises StoreUnavailable, Unanswered, and what the registry raises."""
    captured = raw_records(state, scene)
    deliveries = _deliveries(state, scene)
    judge = Judge(scene.catalogue, scene.entity, scene.lookups, lambda system: _sink_word(system, scene))
    steps = [*_said(state, scene), *_stood(captured, scene), *_golden(state)]
    for system, delivery in deliveries.items():
        steps += _delivered(system, delivery, scene)
    return Journey(
        sorted(steps, key=lambda step: step.time),
        [judge.verdict(state, system, deliveries.get(system)) for system in scene.catalogue.subscribers(scene.entity)],
        [*judge.later(state, captured), *judge.held(state)],
    )


def event_of(claim: Claim) -> str:
    """The id of the event that said it last."""
    return f"{claim['system']}/{claim['resource']}/{claim['epoch']}/{claim['commit']:x}/{claim['ordinal']}"


def raw_records(state: EntityState, scene: Scene) -> list[Met]:
    """The last changes of this key since the oldest that counts; those of the present key, for an alias has its own."""
    claims = [claim for claim in live_claims(state) if not claim["under"]]
    since = min((claim["source_time"] for claim in claims), default=state["changed_time"]) - _SKEW
    places = []
    for system in scene.catalogue.publishers(scene.entity):
        topic = topics.raw(system, scene.entity)
        if count := scene.sizes.get(topic, 0):
            places.append((topic, partition_of(state["key"], partitions=count)))
    starts = scene.sweep.starts(dict.fromkeys(places, max(0, since)))
    return scene.sweep.of_keys([state["key"]], starts, seconds=_RAW_SECONDS)[-_MOST_CHANGES:]


def _deliveries(state: EntityState, scene: Scene) -> dict[str, Delivered]:
    """The last delivery to each subscriber that ever was sent one: looked for since the state changed, then at all."""
    places = {
        system: (topics.to(system, scene.entity), 0)
        for system in scene.catalogue.subscribers(scene.entity)
        if topics.to(system, scene.entity) in scene.sizes
    }
    rows = [local(claim["system"], claim["row"]) for claim in live_claims(state)]
    keys = {state["key"], *rows, *state["aliases"]}
    starts = scene.sweep.starts(dict.fromkeys(places.values(), max(0, state["changed_time"] - _SKEW)))
    found = _last(scene.sweep.of_keys(keys, starts), scene)
    sent = {route["system"] for route in state["routes"] if route["version"]}
    missing = {place: BEGINNING for system, place in places.items() if system in sent - found.keys()}
    return found | _last(scene.sweep.of_keys(keys, missing), scene)


def _last(met: list[Met], scene: Scene) -> dict[str, Delivered]:
    found = {}
    for each in met:
        if each.value is not None:
            body = scene.read_delivery(each.value)
            found[topics.place(each.place[0]).system] = Delivered(
                *(each.place, each.offset, body["operation"], body["version"], body["routed_time"], body["revision"])
            )
    return found


def _said(state: EntityState, scene: Scene) -> Iterator[Step]:
    for claim in live_claims(state):
        event = event_of(claim)
        row = f"{claim['resource']} {claim['row']}"
        mapping = ("by_mapping", {"revision": claim["mapping"]})
        yield Step("changed", claim["source_time"], claim["system"], row, (mapping,))
        if taken := scene.lookups.captured(event, scene.entity):
            _, epoch, commit, ordinal = event_position(event)
            yield Step("captured", taken.time, claim["system"], f"{epoch}/{commit:x}/{ordinal}", _by(taken.process))


def _stood(captured: list[Met], scene: Scene) -> Iterator[Step]:
    for met in captured:
        system, where = topics.place(met.place[0]).system, place_text(met.place, met.offset)
        yield Step("raw", met.time, system, where)
        if end := scene.lookups.end(met.place, met.offset):
            name = "quarantined" if end.result == "quarantined" else "processed"
            yield Step(name, end.time, system, where, _by(end.process))


def _golden(state: EntityState) -> Iterator[Step]:
    if state["version"]:
        facts = (("golden", {"version": state["version"]}), ("by_catalogue", {"revision": state["revision"]}))
        yield Step("golden", state["changed_time"], "", "", facts)


def _delivered(system: str, delivery: Delivered, scene: Scene) -> Iterator[Step]:
    where = place_text(delivery.place, delivery.offset)
    facts = (("golden", {"version": delivery.version}), ("by_catalogue", {"revision": delivery.revision}))
    yield Step("routed", delivery.time, system, where, facts)
    if end := scene.lookups.end(delivery.place, delivery.offset):
        name = "quarantined" if end.result == "quarantined" else "delivered"
        yield Step(name, end.time, system, where, _by(end.process))


def _by(process: str) -> tuple[tuple[str, dict[str, object]], ...]:
    return (("by", {"process": process}),)


def _sink_word(system: str, scene: Scene) -> str | None:
    """What the sink said last, empty where all is well; None where it has been silent."""
    place: Place = (topics.CONNECTORS, 0)
    starts = scene.sweep.starts({place: time.time_ns() // 1000 - _LATELY})
    met = scene.sweep.of_keys([f"sink/{system}"], starts)
    value = met[-1].value if met else None
    return None if value is None else scene.decoder.connector_state(value)["message"]
