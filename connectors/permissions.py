"""What each of our processes may do in Kafka: the least with which it works; a connector nothing of another system."""

from collections.abc import Iterator
from typing import Final, Literal, NamedTuple

from schemas import topics
from schemas.kafka import READERS
from schemas.manifest import Manifest

Resource = Literal["topic", "group", "transactional-id"]
Operation = Literal["Read", "Write", "Create", "Delete", "DescribeConfigs", "Describe"]


_SAID_BY_PEOPLE: Final = (topics.CATALOGUE, topics.PAUSES, topics.RESYNCS, topics.DECISIONS)


class Acl(NamedTuple):
    """Operations that are allowed on one resource; on all whose names begin so where `prefixed`."""

    resource: Resource
    name: str
    operations: tuple[Operation, ...]
    prefixed: bool = False


#: Who reads by assignment joins no group, and yet librdkafka asks who coordinates the one that it is given.
_READER: Final = Acl("group", READERS, ("Describe",), prefixed=True)


def of_connectors(manifest: Manifest) -> list[Acl]:
    """For the one principal that the source and the sink of a system share."""
    return [*_of_source(manifest), *_of_sink(manifest), *_of_both()]


def of_workers() -> list[Acl]:
    """For the one principal that all workers share: they see every system's records."""
    return [
        Acl("topic", "raw.", ("Read",), prefixed=True),
        *(Acl("topic", f"{kind}.", ("Read", "Write"), prefixed=True) for kind in ("identify", "entity")),
        Acl("topic", "to.", ("Write",), prefixed=True),
        *(Acl("topic", name, ("Write",)) for name in (topics.OUTCOMES, topics.DEAD_LETTERS)),
        Acl("topic", topics.CATALOGUE, ("Read",)),
        Acl("group", "lienthong.", ("Read",), prefixed=True),
        Acl("transactional-id", "lienthong.", ("Write",), prefixed=True),
    ]


def of_store() -> list[Acl]:
    """For the store: it counts what stands in every topic of records, and keeps what was said of them."""
    return [
        *(Acl("topic", f"{kind}.", ("Read",), prefixed=True) for kind in ("raw", "identify", "to")),
        *(Acl("topic", name, ("Read",)) for name in (topics.OUTCOMES, topics.DEAD_LETTERS)),
        _READER,
    ]


def of_console() -> list[Acl]:
    """For who runs `lienthong`: makes and removes topics, applies manifests, looks at everything, mends through the
    workers' topics, and never writes what only workers or connectors say."""
    return [
        Acl("topic", "raw.", ("Read", "Write", "Create", "Delete"), prefixed=True),
        Acl("topic", "to.", ("Read", "Create", "Delete"), prefixed=True),
        Acl("topic", "identify.", ("Read", "Write", "Create"), prefixed=True),
        Acl("topic", "entity.", ("Read", "Create"), prefixed=True),
        *(Acl("topic", name, ("Read", "Write", "Create")) for name in _SAID_BY_PEOPLE),
        *(Acl("topic", name, ("Read", "Create")) for name in (topics.CONNECTORS, topics.OUTCOMES, topics.DEAD_LETTERS)),
        # How far the workers and the positions of sinks are.
        Acl("group", "lienthong.", ("Describe",), prefixed=True),
        Acl("transactional-id", topics.CATALOGUE_WRITER, ("Write",)),
    ]


def _of_source(manifest: Manifest) -> Iterator[Acl]:
    if not manifest.publishes:
        return
    # The largest record that a topic takes is looked up before the first is sent.
    for name in [topics.raw(manifest.system, entity) for entity in manifest.publishes]:
        yield Acl("topic", name, ("Write", "DescribeConfigs"))
    for name in (topics.DEAD_LETTERS, topics.OUTCOMES):
        yield Acl("topic", name, ("DescribeConfigs",))
    yield Acl("topic", topics.RESYNCS, ("Read",))
    yield Acl("transactional-id", f"lienthong.source.{manifest.system}", ("Write",))


def _of_sink(manifest: Manifest) -> Iterator[Acl]:
    if not manifest.subscribes:
        return
    for entity in manifest.subscribes:
        yield Acl("topic", topics.to(manifest.system, entity), ("Read",))
    # What it said last is completed after a crash; dead letters are sealed.
    for name in (topics.DEAD_LETTERS, topics.OUTCOMES):
        yield Acl("topic", name, ("Read",))
    # Targets without transactions: their positions live in a group of their own.
    place = f"lienthong.position.{manifest.system}"
    yield Acl("group", place, ("Read",))
    yield Acl("transactional-id", f"{place}.", ("Write",), prefixed=True)


def _of_both() -> Iterator[Acl]:
    for name in (topics.CATALOGUE, topics.PAUSES):
        yield Acl("topic", name, ("Read",))
    yield Acl("topic", topics.CONNECTORS, ("Read", "Write"))
    yield _READER
    for name in (topics.DEAD_LETTERS, topics.OUTCOMES):
        yield Acl("topic", name, ("Write",))
