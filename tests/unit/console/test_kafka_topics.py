"""A catalogue asks for its topics with the partitions that keep a key's home."""

from console.kafka_topics import wanted_topics
from console.subjects import wanted_subjects
from tests.unit.console.city import catalogue


def test_every_topic_of_the_city_with_its_partitions() -> None:
    wanted = {topic.name: topic.partitions for topic in wanted_topics(catalogue(), partitions=6)}
    assert wanted == {
        "catalogue": 1,
        "connectors": 1,
        "dead_letters": 1,
        "decisions": 1,
        "outcomes": 1,
        "pauses": 1,
        "resyncs": 1,
        "identify.person": 6,
        "entity.person": 6,
        "raw.ho_tich.person": 6,
        "to.dan_cu.person": 1,
    }


def test_every_topic_but_the_raw_ones_and_the_catalogue_has_a_fixed_schema() -> None:
    topics = {topic.name for topic in wanted_topics(catalogue(), partitions=6)}
    assert {subject.topic for subject in wanted_subjects(catalogue())} == topics - {"catalogue", "raw.ho_tich.person"}
