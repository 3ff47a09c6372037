"""Every shape that the streams of one entity read from Kafka and write to it."""

from collections.abc import Callable
from typing import Any

from schemas import compose, topics
from schemas.codec import codec_for
from schemas.records import ChangeEvent, DeadLetter, EntityState, Forward, Outcome
from schemas.registry import Decoder, Schemas, Writer, head_of
from streams.decode import Reader, change_decoder


class Wire:
    """Bound once, called per record: `read_*` raise Unprocessable, `write_*` and `encode_*` CodecError.

    What is written is framed, but for `encode_*`, which write a part of a delivery.
    """

    def __init__(self, entity: str, registry: Schemas, subscribers: list[str]) -> None:
        """Registers what is written. `subscribers`: systems that subscribe to the entity."""
        state, forward, delivery = (compose.for_entity(n, entity) for n in ("entity_state", "forward", "delivery"))
        self.read_change: Callable[[bytes | None], ChangeEvent] = Reader(
            "a change event", Decoder(registry, make=change_decoder)
        )
        self.read_state: Callable[[bytes], EntityState] = Reader("a state", Decoder(registry, state))
        self.read_forward: Callable[[bytes | None], Forward] = Reader("a forward", Decoder(registry, forward))

        def head(topic: str, schema: dict[str, Any]) -> bytes:
            return head_of(registry.register(f"{topic}-value", schema))

        def writer(topic: str, schema: dict[str, Any]) -> Callable[[Any], bytes]:
            return Writer(registry, f"{topic}-value", schema).encode

        #: A delivery is what stands before its fields, these, and what stands behind them.
        self.encode_before, self.encode_after = _around_fields(delivery)
        #: By topic, what stands before a delivery: the registry may give a schema another id under each subject.
        self.delivery_heads = {
            topic: head(topic, delivery) for topic in (topics.to(system, entity) for system in subscribers)
        }
        self.write_state: Callable[[EntityState], bytes] = writer(topics.state(entity), state)
        self.write_forward: Callable[[Forward], bytes] = writer(topics.identify(entity), forward)
        self.write_dead_letter: Callable[[DeadLetter], bytes] = writer(topics.DEAD_LETTERS, compose.load("dead_letter"))
        self.write_outcome: Callable[[Outcome], bytes] = writer(topics.OUTCOMES, compose.load("outcome"))


def _around_fields(delivery: dict[str, Any]) -> tuple[Callable[[Any], bytes], Callable[[Any], bytes]]:
    """The encoders of what stands before `fields` and of what stands behind: a record is nothing but its fields, one
    after the other, so that what is the same for several deliveries need be written only once."""
    names = [field["name"] for field in delivery["fields"]]
    at = names.index("fields")
    halves = ("Before", delivery["fields"][:at]), ("After", delivery["fields"][at + 1 :])
    before, after = ({"type": "record", "name": f"Delivery{name}", "fields": fields} for name, fields in halves)
    return codec_for(before).encode, codec_for(after).encode
