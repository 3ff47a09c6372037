"""What waits in Kafka: records that the workers, or a sink, have not dealt with yet; and whether workers are there."""

from collections.abc import Iterable, Mapping
from concurrent.futures import Future
from typing import NamedTuple

from confluent_kafka import ConsumerGroupTopicPartitions, KafkaError, KafkaException
from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._group import ConsumerGroupDescription

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


def workers_running(settings: Settings, entities: Iterable[str]) -> dict[str, int]:
    """By entity, how many workers have joined its group; one that died is counted until Kafka has missed it."""
    admin = AdminClient(quiet_client(settings.kafka))
    groups = {workers_group(entity): entity for entity in entities}
    if not groups:
        return {}
    return {
        groups[group]: _members(answer, settings)
        for group, answer in admin.describe_consumer_groups(list(groups), request_timeout=10).items()
    }


def _members(answer: Future[ConsumerGroupDescription], settings: Settings) -> int:
    try:
        return len(answer.result(11).members)
    except KafkaException as error:
        if error.args[0].code() == KafkaError.GROUP_ID_NOT_FOUND:
            return 0
        raise Unanswered(
            f"asking Kafka at {settings.kafka} who works: {error.args[0].str()}; is the city running?"
        ) from error
