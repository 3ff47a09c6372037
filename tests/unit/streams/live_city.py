"""A city in memory whose manifests change while it runs: stale workers, late connectors, topics that go and come back.

Every worker process knows some revision of the catalogue and may be given any partition at any time. What a target
holds at the end is compared with what the tables say by the last catalogue.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from schemas import topics
from schemas.catalogue import Catalogue, compile_catalogue
from schemas.compose import entity_fields
from schemas.expressions import compile_where
from schemas.fingerprints import of_publications
from schemas.manifest import Manifest, Subscription
from schemas.mapping import compile_in, key_in, key_out
from schemas.records import Delivery, Entity, Row
from schemas.topics import REVISION_HEADER
from streams import walk_markers
from streams.bury import Undertaker
from streams.pipeline import Pipeline
from streams.rules import compile_rules
from streams.wire import Wire
from streams.worker import Worker
from tests.unit.streams.city import ENTITY, SEAL, RegistryDown
from tests.unit.streams.memory import MemoryKafka, MemoryRegistry, RawWriter, decoded
from tests.unit.streams.simulation import COLUMNS, Source

PARTITIONS = 3
_REGISTRY = MemoryRegistry()


@cache
def _writer(system: str) -> RawWriter:
    return RawWriter(_REGISTRY, system, COLUMNS)


@cache
def _wire() -> Wire:
    """One for all: it takes longer to make than a whole life to live."""
    return Wire(ENTITY, _REGISTRY, ["s", "t"])


def compiled(catalogue: Catalogue) -> Worker:
    """A worker of one revision; its subscribers are among `s` and `t`."""
    wire = _wire()
    pipeline = Pipeline(compile_rules(catalogue, ENTITY), wire)
    undertaker = Undertaker(ENTITY, wire, SEAL, catalogue.revision)
    return Worker(pipeline, wire, undertaker, name="w", passing=(RegistryDown,))


@dataclass
class Connector:
    """Captures one source's log by the manifest that it knows; reads anew where another one came since."""

    source: Source
    catalogue: Catalogue
    fingerprint: str = ""
    sent: int = 0

    def capture(self, kafka: MemoryKafka) -> None:
        """Everything that is new in the log; markers go to every partition, with the revision that they begin."""
        system, log = self.source.system, self.source.log
        topic, revision = topics.raw(system, ENTITY), str(self.catalogue.revision).encode()
        for key, event in log[self.sent :]:
            value = _writer(system)(event)
            if key is None:
                for partition in range(PARTITIONS):
                    kafka.append(topic, None, value, partition=partition, headers=[(REVISION_HEADER, revision)])
            else:
                kafka.append(topic, key.encode(), value)
        self.sent = len(log)

    def notice(self, catalogue: Catalogue) -> None:
        """A new start by this catalogue; its memory says by which words it captured before."""
        self.catalogue = catalogue
        system = self.source.system
        found = of_publications(catalogue, system) if system in catalogue.publishers(ENTITY) else ""
        if found and found != self.fingerprint:
            # The old slot is dropped: what was not captured by then is in the snapshot.
            self.sent = len(self.source.log)
            self.source.snapshot()
        self.fingerprint = found

    @property
    def runs(self) -> bool:
        """Whether the manifest that it knows publishes anything."""
        return bool(self.fingerprint)


@dataclass
class Target:
    """One subscriber's rows by key, each by column. They outlive its subscription. `known`: the sink's catalogue."""

    rows: dict[str, Row] = field(default_factory=dict)
    read: int = 0
    known: int = 0
    last: dict[str, Delivery] = field(default_factory=dict)

    def apply(self, delivery: Delivery, subscription: Subscription) -> None:
        """As a sink does, which takes equal versions of a key for the same word, and leaves other columns alone."""
        key, before = delivery["key"], self.last.get(delivery["key"])
        if before is not None and delivery["version"] == before["version"]:
            told = ("operation", "fields", "moved_to")
            assert [before[name] for name in told] == [delivery[name] for name in told], "one version, two contents"  # type: ignore[literal-required]
        assert before is None or delivery["version"] >= before["version"], "a version went back"
        self.last[key] = delivery
        if delivery["operation"] == "upsert":
            said = delivery["fields"]
            assert said is not None
            written = {column: said[mapped.field] for column, mapped in subscription.fields.items()}
            self.rows[key] = {**self.rows.get(key, {}), **written}
        elif (row := self.rows.pop(key, None)) is not None and delivery["operation"] == "rename":
            assert delivery["moved_to"] is not None
            self.rows.setdefault(delivery["moved_to"], row)


class LiveCity:
    """Sources, connectors, stale workers and targets; `chance` decides who does what when."""

    def __init__(self, manifests: Sequence[Manifest], sources: Sequence[str], chance: random.Random) -> None:
        self.chance = chance
        self.kafka = MemoryKafka(PARTITIONS)
        self.registry = _REGISTRY
        self.catalogue = compile_catalogue(manifests, 1)
        self.connectors = {name: Connector(Source(name), self.catalogue) for name in sources}
        for connector in self.connectors.values():
            connector.notice(self.catalogue)
        self.workers = {1: compiled(self.catalogue)}
        self.catalogues = {1: self.catalogue}
        #: Revision that each worker process knows.
        self.known = [1, 1, 1]
        self.offsets: dict[tuple[str, int], int] = {}
        self.targets: dict[str, Target] = {}

    def source(self, system: str) -> Source:
        return self.connectors[system].source

    def apply(self, manifests: Sequence[Manifest]) -> None:
        """What `lienthong apply` does in one transaction."""
        last = self.catalogue
        self.catalogue = compile_catalogue(manifests, last.revision + 1, previous=last)
        self.catalogues[self.catalogue.revision] = self.catalogue
        made = self.workers[self.catalogue.revision] = compiled(self.catalogue)
        topic = topics.identify(ENTITY)
        value = made._wire.write_forward(walk_markers.reproject(self.catalogue.revision, at=1))
        for partition in range(PARTITIONS):
            self.kafka.append(topic, None, value, partition=partition)

    def clean(self) -> None:
        """Delivery topics of those who receive no more, once every partition has been looked at to its end."""
        topic = topics.identify(ENTITY)
        waiting = [r for n in range(PARTITIONS) for r in self.kafka.logs[topic, n][self.offsets.get((topic, n), 0) :]]
        if any(record.key is None for record in waiting):
            return
        for system in self.catalogue.tenure.leaving:
            self.kafka.logs[topics.to(system, ENTITY), 0].clear()
            self.target(system).read = 0
            self.catalogue = self.catalogue.cleaned(system)

    def target(self, system: str) -> Target:
        return self.targets.setdefault(system, Target())

    def deliver(self) -> None:
        """Every present subscriber reads what is new."""
        for system in self.catalogue.subscribers(ENTITY):
            target, log = self.target(system), self.kafka.logs[topics.to(system, ENTITY), 0]
            since = self.catalogue.since(system, "subscribes", ENTITY)
            for record in log[target.read :]:
                delivery = decoded(record.value, _REGISTRY)
                # It refreshes where a delivery was made by a newer catalogue than it knows, or by chance.
                oldest = max(target.known, delivery["revision"], since)
                if oldest > target.known or self.chance.random() < 0.1:
                    target.known = self.chance.randint(oldest, self.catalogue.revision)
                subscription = self.catalogues[target.known].subscription(system, ENTITY)
                assert subscription is not None
                target.apply(delivery, subscription)
            target.read = len(log)

    def capture(self) -> None:
        for connector in self.connectors.values():
            if connector.runs:
                connector.capture(self.kafka)

    def notice(self) -> None:
        """Connectors that still work by an older manifest start again."""
        for connector in self.connectors.values():
            if connector.catalogue is not self.catalogue:
                connector.notice(self.catalogue)

    def work(self) -> bool:
        """One batch of one partition by one process; False when that process finds nothing to do."""
        process = self.chance.randrange(len(self.known))
        if self.chance.random() < 0.1:
            self.known[process] = self.chance.randint(self.known[process], self.catalogue.revision)
        ready = self._ready(self.known[process])
        if not ready:
            return False
        place = self.chance.choice(ready)
        batch = self.kafka.batch(*place, self.offsets.get(place, 0), self.chance.choice((1, 1, 2, 5)))
        needed = self.workers[self.known[process]].needs(batch)
        if needed > self.known[process]:
            self.known[process] = self.chance.randint(needed, self.catalogue.revision)
        self.workers[self.known[process]].process(batch)
        self.offsets[place] = self.offsets.get(place, 0) + len(batch.records)
        return True

    def settle(self) -> None:
        """Until everybody knows everything and nothing is left to do."""
        self.notice()
        self.capture()
        self.known = [self.catalogue.revision] * len(self.known)
        while self.work():
            pass
        self.clean()
        self.deliver()

    def _ready(self, revision: int) -> list[tuple[str, int]]:
        """What a process with this catalogue reads and has not done."""
        raw = {topics.raw(system, ENTITY) for system in self.catalogues[revision].publishers(ENTITY)}
        return [
            place
            for place in sorted(self.kafka.logs)
            if place[0] in raw | {topics.identify(ENTITY)} and self.offsets.get(place, 0) < len(self.kafka.logs[place])
        ]

    def truth(self) -> dict[str, dict[str, Row]]:
        """By subscriber, what its target must hold: told by the tables and the last catalogue alone."""
        golden = _golden(self.catalogue, {name: each.source for name, each in self.connectors.items()})
        return {system: _view(self.catalogue, system, golden) for system in self.catalogue.subscribers(ENTITY)}

    def held(self) -> dict[str, dict[str, Row]]:
        """By subscriber and key, the columns that it is given now."""
        found = {}
        for system in self.catalogue.subscribers(ENTITY):
            subscription = self.catalogue.subscription(system, ENTITY)
            assert subscription is not None
            rows = self.target(system).rows
            found[system] = {key: {c: row.get(c, "never") for c in subscription.fields} for key, row in rows.items()}
        return found


def _golden(catalogue: Catalogue, sources: dict[str, Source]) -> dict[str, Entity]:
    said: dict[str, dict[str, Entity]] = {}
    for system in catalogue.publishers(ENTITY):
        [publication] = catalogue.publications(system, ENTITY)
        key, read = key_in(publication, system), compile_in(publication, ENTITY)
        for name in sources[system].rows:
            row = sources[system].columns(name)
            # Of several rows of one key the one written last speaks; these cities have one row a key.
            said.setdefault(key(row), {})[system] = read(row).values
    owners = catalogue.existence_owners(ENTITY)
    return {
        key: {f: _first(by_system, catalogue.order(ENTITY, f), f) for f in entity_fields(ENTITY)}
        for key, by_system in said.items()
        if not owners or any(owner in by_system for owner in owners)
    }


def _first(by_system: dict[str, Entity], order: Sequence[str], name: str) -> Any:
    """The first whose publication maps the field: it says a value, or that there is none."""
    return next((by_system[s][name] for s in order if s in by_system and name in by_system[s]), None)


def _view(catalogue: Catalogue, system: str, golden: dict[str, Entity]) -> dict[str, Row]:
    subscription = catalogue.subscription(system, ENTITY)
    assert subscription is not None
    where = compile_where(subscription.where, ENTITY) if subscription.where else lambda _: True
    names = key_out(subscription)
    return {
        key: {column: record[mapped.field] for column, mapped in subscription.fields.items()}
        for key, record in golden.items()
        if names(key) is not None and where(record)
    }
