"""What cannot be processed goes to the dead letters, sealed, with the reason and where it came from."""

from schemas import topics
from schemas.dead_letters import Origin, bury
from schemas.sealing import Seal
from streams.emit import LARGEST_VALUE, Output
from streams.engine.records import Record
from streams.errors import Unprocessable
from streams.wire import Wire

#: What a dead letter holds beside its payload, and the cipher's own bytes.
_ENVELOPE_BYTES = 4_000


class Undertaker:
    """Makes the dead letters of one entity. `revision`: of the catalogue that could not cope."""

    def __init__(self, entity: str, wire: Wire, seal: Seal, revision: int) -> None:
        self._entity = entity
        self._wire = wire
        self._seal = seal
        self._revision = revision

    def bury(self, record: Record, failure: Unprocessable, *, system: str, event_id: str) -> Output:
        """The record for the dead letters; without its payload where that is too large, for the offset refers to it."""
        value = record.value
        letter = bury(
            self._seal,
            system=system,
            entity=self._entity,
            stage=failure.stage,
            reason=failure.reason,
            event_id=event_id,
            origin=Origin(record.topic, record.partition, record.offset),
            payload=value if value is not None and len(value) < LARGEST_VALUE - _ENVELOPE_BYTES else None,
            revision=self._revision,
        )
        return Output(topics.DEAD_LETTERS, letter["id"].encode(), self._wire.write_dead_letter(letter))
