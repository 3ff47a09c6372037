"""Every shape that the streams of one entity read from Kafka and write to it."""

from collections.abc import Callable
from typing import Any

from schemas import compose, topics
from schemas.codec import codec_for, resolving_decoder
from schemas.records import ChangeEvent, DeadLetter, Entity, EntityState, Forward, Outcome
from schemas.registry import head_of
from streams.decode import Decoder, Reader, Registry, change_decoder


class Writer:
    """Encodes records of one topic, framed. Raises CodecError for what does not fit the schema."""

    __slots__ = ("_encode", "head")

    def __init__(self, topic: str, registry: Registry, schema: dict[str, Any]) -> None:
        self.head = head_of(registry.register(f"{topic}-value", schema))
        self._encode = codec_for(schema).encode

    def __call__(self, record: Any) -> bytes:
        return self.head + self._encode(record)


class Wire:
    """Bound once, called per record: `read_*` raise Unprocessable, `write_*` and `encode_*` CodecError."""

    def __init__(self, entity: str, registry: Registry, subscribers: list[str]) -> None:
        """Registers what is written. `subscribers`: systems that subscribe to the entity."""
        state, forward, delivery = (
            compose.for_entity(name, entity) for name in ("entity_state", "forward", "delivery")
        )
        self.read_change: Callable[[bytes | None], ChangeEvent] = Reader("a change event", registry, change_decoder)
        self.read_state: Callable[[bytes], EntityState] = Reader("a state", registry, _as_known(state))
        self.read_forward: Callable[[bytes | None], Forward] = Reader("a forward", registry, _as_known(forward))
        self.write_state: Callable[[EntityState], bytes] = Writer(topics.state(entity), registry, state)
        self.write_forward: Callable[[Forward], bytes] = Writer(topics.identify(entity), registry, forward)
        self.write_dead_letter: Callable[[DeadLetter], bytes] = Writer(
            topics.DEAD_LETTERS, registry, compose.load("dead_letter")
        )
        self.write_outcome: Callable[[Outcome], bytes] = Writer(topics.OUTCOMES, registry, compose.load("outcome"))
        #: By topic: the registry may give the same schema another id under each subject.
        self.write_delivery: dict[str, Writer] = {
            topic: Writer(topic, registry, delivery) for topic in (topics.to(system, entity) for system in subscribers)
        }
        self.encode_entity: Callable[[Entity], bytes] = codec_for(compose.load(entity)).encode


def _as_known(reader: dict[str, Any]) -> Callable[[dict[str, Any]], Decoder]:
    return lambda writer: resolving_decoder(writer, reader)
