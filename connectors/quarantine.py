"""Changes that cannot become records of a raw topic: sealed among the dead letters, counted in the outcomes."""

import json
import time
from typing import Final, NamedTuple

import structlog

from connectors.acknowledgements import Batch
from schemas import compose, identity, topics
from schemas.dead_letters import Origin, Reason, bury
from schemas.kafka import MAX_RECORD_BYTES
from schemas.metrics import DEAD_LETTERS
from schemas.records import ChangeEvent, Outcome
from schemas.registry import Registry, Writer
from schemas.sealing import Seal

_log = structlog.get_logger(__name__)

#: Bytes of a dead letter beside its payload.
_RESERVE: Final = 4096


class Victim(NamedTuple):
    """What is told of the change. `source_time` is in microseconds since 1970."""

    entity: str
    event_id: str
    source_time: int

    @classmethod
    def of(cls, entity: str, event: ChangeEvent) -> "Victim":
        """The change of this event."""
        return cls(entity, identity.event_id(event), event["source_time"])


class Quarantine:
    """Buries changes of one system."""

    def __init__(self, registry: Registry, seal: Seal, *, system: str, revision: int) -> None:
        """Registers the schemas. Raises what `Registry.register` raises."""
        self._seal = seal
        self._system = system
        self._revision = revision
        self._encode = Writer(registry, f"{topics.DEAD_LETTERS}-value", compose.load("dead_letter")).encode
        self._encode_outcome = Writer(registry, f"{topics.OUTCOMES}-value", compose.load("outcome")).encode

    def bury(self, batch: Batch, victim: Victim, reason: Reason, payload: bytes | None) -> None:
        """Hand the dead letter over with the batch. A payload over the limit is left out: the event id refers to it."""
        if payload is not None and len(payload) > MAX_RECORD_BYTES - _RESERVE:
            payload = None
        letter = bury(
            self._seal,
            system=self._system,
            entity=victim.entity,
            stage="source",
            reason=reason,
            event_id=victim.event_id,
            origin=Origin(),
            payload=payload,
            revision=self._revision,
        )
        batch.put(topics.DEAD_LETTERS, self._encode(letter), key=letter["id"].encode())
        self.tell(batch, self._outcome(victim, reason.code))
        DEAD_LETTERS.labels(self._system, victim.entity, "source", reason.code).inc()
        _log.warning(
            "a change became a dead letter",
            event_id=victim.event_id,
            trace_id=letter["trace_id"],
            reason=reason.code,
            problem=reason.message,
        )

    def tell(self, batch: Batch, outcome: Outcome) -> None:
        """Hand an outcome over with the batch."""
        batch.put(topics.OUTCOMES, self._encode_outcome(outcome), key=f"{self._system}/{outcome['entity']}".encode())

    def _outcome(self, victim: Victim, reason: str) -> Outcome:
        _, epoch, commit, _ = victim.event_id.rsplit("/", 3)
        return Outcome(
            result="quarantined",
            system=self._system,
            entity=victim.entity,
            topic="",
            partition=-1,
            first=int(commit, 16),
            last=int(commit, 16),
            epoch=int(epoch),
            count=1,
            reason=reason,
            event_id=victim.event_id,
            oldest_source_time=victim.source_time,
            newest_source_time=victim.source_time,
            time=time.time_ns() // 1000,
            process=f"source/{self._system}",
            field=None,
        )


def as_json(event: ChangeEvent) -> bytes:
    """An event that is no Avro of its shape, to be read by people."""
    return json.dumps(event, default=repr).encode()
