"""Dead letters: what could not be processed, sealed, with a reason a person can act on."""

import time
from hashlib import blake2b
from typing import NamedTuple

from schemas.identity import trace_id
from schemas.records import DeadLetter, Stage
from schemas.sealing import Seal


class Origin(NamedTuple):
    """Where the record stands in Kafka; an empty topic where it never got there."""

    topic: str = ""
    partition: int = -1
    offset: int = -1


class Reason(NamedTuple):
    """Why: a stable snake_case code, a message without personal values, and the field if one is to blame."""

    code: str
    message: str
    field: str | None = None


def bury(  # noqa: PLR0913 - a dead letter has this many facts
    seal: Seal,
    *,
    system: str,
    entity: str,
    stage: Stage,
    reason: Reason,
    event_id: str,
    origin: Origin,
    payload: bytes | None,
    revision: int = 0,
) -> DeadLetter:
    """The record for the topic `dead_letters`. `payload` None: too large; `origin` or the event id refers to it."""
    # The same failure of the same record has the same id, so a repeated attempt does not count twice.
    identity = f"{stage}/{system}/{event_id}/{origin.topic}/{origin.partition}/{origin.offset}/{reason.code}"
    return DeadLetter(
        id=blake2b(identity.encode(), digest_size=16).hexdigest(),
        system=system,
        entity=entity,
        stage=stage,
        reason=reason.code,
        message=reason.message,
        field=reason.field,
        event_id=event_id,
        trace_id=trace_id(event_id),
        topic=origin.topic,
        partition=origin.partition,
        offset=origin.offset,
        time=time.time_ns() // 1000,
        revision=revision,
        key_id=seal.key_id,
        payload=None if payload is None else seal.seal(payload),
    )
