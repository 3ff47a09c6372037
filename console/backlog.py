"""What waits in Kafka: records that the workers, or a sink, have not dealt with yet."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from confluent_kafka import ConsumerGroupTopicPartitions, KafkaException
from confluent_kafka.admin import AdminClient

from console.errors import Unanswered
from console.reading import BEGINNING, Place, Reader, quiet_client
from schemas.settings import Settings


class Waiting(NamedTuple):
    """Records of a topic that wait, and when the oldest of them was written (milliseconds since 1970; 0: none)."""

    records: int
    oldest: int


NOTHING = Waiting(0, 0)


def waiting_after(reader: Reader, positions: Mapping[Place, int]) -> dict[str, Waiting]:
    """Topic -> what it holds from these positions on. Counted by reading: offsets have gaps (compaction, markers)."""
    found = {topic: NOTHING for topic, _ in positions}
    for record in reader.to_the_end(positions):
        records, oldest = found[record.topic]
        found[record.topic] = Waiting(records + 1, min(oldest or record.time, record.time))
    return found


def workers_group(entity: str) -> str:
    """The consumer group of the workers of one entity."""
    return f"lienthong.{entity}"


def workers_positions(settings: Settings, entity: str, places: Iterable[Place]) -> dict[Place, int]:
    """Where the workers of an entity stand in these partitions; BEGINNING where they never committed."""
    admin = AdminClient(quiet_client(settings.kafka))
    group = workers_group(entity)
    try:
        answer = admin.list_consumer_group_offsets([ConsumerGroupTopicPartitions(group)])[group].result(10)
    except KafkaException as error:
        raise Unanswered(
            f"asking Kafka at {settings.kafka} how far the workers of {entity} are: {error.args[0].str()}; "
            "is the city running?"
        ) from error
    committed = {(each.topic, each.partition): each.offset for each in answer.topic_partitions}
    return {place: committed[place] if committed.get(place, -1) >= 0 else BEGINNING for place in places}
