"""A city that begins again on an empty Kafka gives greater versions than targets remember."""

from schemas import topics
from schemas.catalogue import Catalogue, compile_catalogue
from tests.unit.streams.city import ENTITY, worker
from tests.unit.streams.memory import MemoryKafka, MemoryRegistry, RawWriter
from tests.unit.streams.simulation import CITY, COLUMNS, Source


def test_the_catalogue_keeps_it_from_its_first_revision_on() -> None:
    first = compile_catalogue(CITY, 1, versions_from=1_000)
    assert Catalogue.from_json(first.to_json()).versions_from == 1_000
    later = compile_catalogue(CITY[:1], 2, previous=first, versions_from=5)
    assert later.versions_from == later.cleaned("b").versions_from == 1_000


def test_every_version_is_greater_and_they_rise_by_one() -> None:
    registry, kafka, source = MemoryRegistry(), MemoryKafka(), Source("a")
    made = worker(CITY, registry, versions_from=1_000)
    write = RawWriter(registry, "a", COLUMNS)
    for number, name in enumerate(("An", "Bình")):
        source.begin()
        row: dict[str, str | None] = {"ten": name, "sinh": "1990", "xa": "00001", "dt": None}
        if number:
            source.update("1", so="001099000001", values=row)
        else:
            source.insert("001099000001", row)
        kafka.append(topics.raw("a", ENTITY), b"citizen_id:001099000001", write(source.log[-1][1]))
        made.process(kafka.batch(topics.raw("a", ENTITY), 0, number, 1))
    versions = [delivery["version"] for delivery in kafka.read(topics.to("all", ENTITY), registry)]
    assert versions == [1_001, 1_002]
