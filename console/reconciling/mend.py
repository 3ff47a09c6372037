"""Has what a target should hold sent again: by the owner of each key, through the delivery topic and the sink.

Nothing is written beside the sink: it would not be in its order, and no position would tell of it.
"""

import time
from collections.abc import Iterable, Sequence
from typing import Final

from confluent_kafka import KafkaError, Message, Producer

from console.decoding import PATIENCE_SECONDS
from console.errors import Unanswered
from console.reconciling.expectation import Matter
from console.reconciling.looks import Drift, Looker
from schemas import compose, topics
from schemas.kafka import producer_settings
from schemas.registry import Registry, Writer
from streams.repeat import repeat

_LOOK_SECONDS: Final = 0.5
#: Where no more rows become right for so long, the rest is given up.
_PATIENCE_SECONDS: Final = 30.0
_ANSWER_SECONDS: Final = 30.0


def mendable(drifts: Iterable[Drift]) -> list[Drift]:
    """Those that are mended by being sent again; what was refused would be refused again."""
    return [each for each in drifts if each.kind != "refused"]


def mend(matter: Matter, looker: Looker, drifts: Sequence[Drift]) -> list[Drift]:
    """Ask for each, and wait until all are right; returns those that are not. Raises Unanswered."""
    _ask(matter, list(dict.fromkeys(each.owner for each in drifts)))
    left, since = list(drifts), time.monotonic()
    while left and time.monotonic() - since < _PATIENCE_SECONDS:
        keys = {each.key for each in left}
        still = [each for each in looker.differing(keys) if each.key in keys]
        if len(still) < len(left):
            since = time.monotonic()
        left = still
        looker.tell(f"{len(drifts) - len(left):,} / {len(drifts):,}")
        time.sleep(_LOOK_SECONDS if left else 0)
    return left


def _ask(matter: Matter, owners: Sequence[str]) -> None:
    """Returns once Kafka has acknowledged."""
    settings, topic = matter.settings, topics.identify(matter.entity)
    registry = Registry(settings.registry, patience=PATIENCE_SECONDS)
    encode = Writer(registry, f"{topic}-value", compose.for_entity("forward", matter.entity)).encode
    producer = Producer(producer_settings(settings.kafka, **{"delivery.timeout.ms": int(_ANSWER_SECONDS * 1000)}))
    refused: list[KafkaError] = []

    def answered(error: KafkaError | None, _: Message) -> None:
        if error is not None:
            refused.append(error)

    for owner in owners:
        value = encode(repeat([matter.system]))
        producer.produce(topic, value, owner.encode(), on_delivery=answered)
        producer.poll(0)
    waiting = producer.flush(_ANSWER_SECONDS)
    if waiting or refused:
        told = refused[0].str() if refused else "no answer"
        raise Unanswered(f"asking the workers of {matter.entity} to send rows again: {told}; see that Kafka runs")
