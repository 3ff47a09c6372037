"""Which partitions the store reads, each with its topic's id: a recreated topic is another one."""

from collections.abc import Iterable
from typing import Final, NamedTuple

from confluent_kafka import Consumer, KafkaException, TopicCollection, TopicPartition
from confluent_kafka.admin import AdminClient

from console.errors import Unanswered
from console.reading import Place, quiet_client
from schemas import topics
from schemas.kafka_advice import advice
from schemas.settings import Settings
from schemas.topic_edges import topic_edges

_ANSWER_SECONDS: Final = 10.0
#: What is read for what it says; all the others are only counted.
TOLD: Final = (topics.OUTCOMES, topics.DEAD_LETTERS)


class Edges(NamedTuple):
    """The first offset that a partition still holds, the one after its last, and the time of the first record held, in
    microseconds since 1970; 0 where it holds all that was ever written."""

    low: int
    high: int
    horizon: int


def find_places(settings: Settings) -> dict[Place, str]:
    """Every partition of interest that there is now, with the id of its topic. Raises Unanswered."""
    admin = AdminClient(quiet_client(settings.kafka))
    try:
        names = [name for name in admin.list_topics(timeout=_ANSWER_SECONDS).topics if _is_wanted(name)]
        asked = admin.describe_topics(TopicCollection(names), request_timeout=_ANSWER_SECONDS) if names else {}
        found = {name: answer.result(_ANSWER_SECONDS + 1) for name, answer in asked.items()}
    except (KafkaException, TimeoutError) as error:
        raise unanswered(settings, "looking for the topics of the store", error) from error
    return {(name, each.id): str(topic.topic_id) for name, topic in found.items() for each in topic.partitions}


def edges(consumer: Consumer, place: Place) -> Edges:
    """Raises KafkaException."""
    low, high = topic_edges(consumer, *place, seconds=_ANSWER_SECONDS)
    if not low:
        return Edges(0, high, 0)
    return Edges(low, high, _time_at(consumer, place, low) if low < high else 0)


def by_offset(positions: Iterable[tuple[Place, int]]) -> list[TopicPartition]:
    """As a consumer is assigned them."""
    return [TopicPartition(*place, offset) for place, offset in positions]


def unanswered(settings: Settings, doing: str, error: Exception) -> Unanswered:
    """The error for people."""
    refused = error.args[0] if isinstance(error, KafkaException) else None
    told = f"{refused.str()}; {advice(refused)}" if refused else "no answer; see that it runs"
    return Unanswered(f"{doing}: Kafka at {settings.kafka}: {told}")


def _is_wanted(name: str) -> bool:
    return name in TOLD or bool(topics.place(name).kind)


def _time_at(consumer: Consumer, place: Place, offset: int) -> int:
    """When the record at, or first after, this offset was written."""
    consumer.assign([TopicPartition(*place, offset)])
    message = consumer.poll(_ANSWER_SECONDS)
    consumer.unassign()
    return 0 if message is None or message.error() else int(message.timestamp()[1]) * 1000
