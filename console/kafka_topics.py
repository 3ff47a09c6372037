"""Creates the topics that a catalogue asks for; those that exist are compared and left alone."""

from concurrent.futures import Future

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from console.errors import ConsoleError
from console.reading import Reader, quiet_client
from schemas.catalogue import Catalogue
from schemas.settings import Settings
from schemas.topics import Topic, delivery_topic, entity_topics, raw_topic, shared_topics

_TIMEOUT_SECONDS = 30.0


def wanted_topics(catalogue: Catalogue, *, partitions: int) -> list[Topic]:
    """Every topic of the city: shared, then by entity."""
    wanted = shared_topics()
    for entity in catalogue.entities():
        wanted += entity_topics(entity, partitions=partitions)
        wanted += [raw_topic(system, entity, partitions=partitions) for system in catalogue.publishers(entity)]
        wanted += [delivery_topic(system, entity) for system in catalogue.subscribers(entity)]
    return wanted


def create_missing(settings: Settings, wanted: list[Topic]) -> list[str]:
    """Returns the names of the topics that were made. Raises ConsoleError, before anything is made, where an existing
    topic has another number of partitions.
    """
    with Reader(settings) as reader:
        present = reader.topics()
    wrong = [topic for topic in wanted if present.get(topic.name, topic.partitions) != topic.partitions]
    if wrong:
        raise ConsoleError("\n".join(_mismatch(topic, present[topic.name]) for topic in wrong))
    missing = [topic for topic in wanted if topic.name not in present]
    if missing:
        _create(settings, missing)
    return [topic.name for topic in missing]


def _mismatch(topic: Topic, found: int) -> str:
    return (
        f"creating topic {topic.name}: it exists with {found} partitions, {topic.partitions} are wanted, and a key's "
        f"home depends on their number; set LIENTHONG_PARTITIONS={found} if that is what the city was made with, "
        "or delete the topic and apply again"
    )


def _create(settings: Settings, missing: list[Topic]) -> None:
    admin = AdminClient(quiet_client(settings.kafka))
    # -1: as the broker is configured to replicate.
    asked = [NewTopic(t.name, num_partitions=t.partitions, replication_factor=-1, config=t.config) for t in missing]
    answers = admin.create_topics(asked, operation_timeout=_TIMEOUT_SECONDS)
    for name, answer in answers.items():
        _await(name, answer)


def _await(name: str, answer: Future[None]) -> None:
    try:
        answer.result(_TIMEOUT_SECONDS)
    except KafkaException as error:
        if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:  # another apply was quicker
            raise ConsoleError(
                f"creating topic {name}: {error.args[0].str()}; see that the broker has room, and that you may"
            ) from error
