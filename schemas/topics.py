"""Names and settings of every Kafka topic. Nothing else in the project spells a topic's name."""

from dataclasses import dataclass, field
from typing import NamedTuple

CATALOGUE = "catalogue"
CONNECTORS = "connectors"
DEAD_LETTERS = "dead_letters"
DECISIONS = "decisions"
OUTCOMES = "outcomes"
PAUSES = "pauses"
RESYNCS = "resyncs"

#: Transactional id of whoever applies manifests: of two at a time, one is fenced off.
CATALOGUE_WRITER = "lienthong.catalogue"
#: Header of the markers in raw topics: the catalogue revision of the manifest by which what follows was captured.
REVISION_HEADER = "ce_revision"

_DAY_MS = 24 * 3600 * 1000
#: How long raw events and forwards can be replayed. Longer absences are mended by a resync.
RAW_RETENTION_MS = 7 * _DAY_MS
#: How long a dead letter can be mended and retried.
DEAD_LETTER_RETENTION_MS = 90 * _DAY_MS


@dataclass(frozen=True)
class Topic:
    """A topic to be created: its name, number of partitions and settings as Kafka spells them."""

    name: str
    partitions: int
    config: dict[str, str] = field(default_factory=dict)


def raw(system: str, entity: str) -> str:
    """Change events as captured from one system, keyed by entity key."""
    return f"raw.{system}.{entity}"


def identify(entity: str) -> str:
    """Claims and changes on their way from one key's owner to another's; the anchor of the workers' group."""
    return f"identify.{entity}"


def state(entity: str) -> str:
    """Golden record and claims of every key; compacted; the changelog of the workers' state."""
    return f"entity.{entity}"


def to(system: str, entity: str) -> str:
    """Deliveries to one subscriber, only its fields; compacted; one partition, so that renames keep their order."""
    return f"to.{system}.{entity}"


class Place(NamedTuple):
    """What a topic is for. `kind`: raw, identify, to, or empty for any other; `system` is empty for identify."""

    kind: str = ""
    system: str = ""
    entity: str = ""


def place(topic: str) -> Place:
    """Of a topic's name."""
    match topic.split("."):
        case [("raw" | "to") as kind, system, entity]:
            return Place(kind, system, entity)
        case ["identify", entity]:
            return Place("identify", "", entity)
    return Place()


def _compacted() -> dict[str, str]:
    # Quiet topics must compact too, else an erased person stays in an open segment for ever.
    return {
        "cleanup.policy": "compact",
        "segment.ms": str(_DAY_MS),
        "max.compaction.lag.ms": str(2 * _DAY_MS),
        "min.cleanable.dirty.ratio": "0.3",
    }


def _retained(milliseconds: int) -> dict[str, str]:
    return {"cleanup.policy": "delete", "retention.ms": str(milliseconds), "segment.ms": str(_DAY_MS)}


def shared_topics() -> list[Topic]:
    """The topics that exist once in a city."""
    return [
        Topic(CATALOGUE, 1, _compacted()),
        # Each connector speaks every few seconds and each start reads it whole: small segments are compacted soon.
        Topic(CONNECTORS, 1, _compacted() | {"segment.bytes": str(16 * 1024 * 1024)}),
        Topic(DEAD_LETTERS, 1, _retained(DEAD_LETTER_RETENTION_MS)),
        # An audit is kept for good: -1 is without end.
        Topic(DECISIONS, 1, {"cleanup.policy": "delete", "retention.ms": "-1"}),
        Topic(OUTCOMES, 1, _retained(30 * _DAY_MS)),
        Topic(PAUSES, 1, _compacted()),
        Topic(RESYNCS, 1, _compacted()),
    ]


def entity_topics(entity: str, *, partitions: int) -> list[Topic]:
    """The topics of one entity that belong to the workers."""
    return [
        Topic(identify(entity), partitions, _retained(RAW_RETENTION_MS)),
        Topic(state(entity), partitions, _compacted()),
    ]


def raw_topic(system: str, entity: str, *, partitions: int) -> Topic:
    """The topic of one publisher; as many partitions as the entity has, for one worker owns partition n of all."""
    return Topic(raw(system, entity), partitions, _retained(RAW_RETENTION_MS))


def delivery_topic(system: str, entity: str) -> Topic:
    """The topic of one subscriber."""
    return Topic(to(system, entity), 1, _compacted())
