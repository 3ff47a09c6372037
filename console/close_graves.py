"""`lienthong close-graves`: what was deleted long ago, and what everybody has heard of, is forgotten."""

import time
from collections.abc import Iterable, Sequence
from typing import Annotated, Final

import typer
from confluent_kafka import KafkaError, Message, Producer

from console.applied import applied_catalogue
from console.decoding import PATIENCE_SECONDS
from console.errors import ConsoleError, Unanswered
from console.freshness import Line, lines
from console.observing import Observer
from console.reading import Reader
from console.screen import screen
from console.surroundings import find_settings
from schemas import compose, topics
from schemas.catalogue import Catalogue
from schemas.kafka import producer_settings
from schemas.registry import Registry, Writer
from schemas.settings import Settings
from streams.walk_markers import close

_DAY_SECONDS: Final = 86_400
#: A dead letter can be retried for so long. Its row's grave is what tells that it comes too late.
SHORTEST_DAYS: Final = topics.DEAD_LETTER_RETENTION_MS // 1000 // _DAY_SECONDS + 1
_ANSWER_SECONDS: Final = 30.0


def close_graves(
    older_than: Annotated[int, typer.Option(min=SHORTEST_DAYS, help="Days since the deletion.")] = SHORTEST_DAYS + 1,
) -> None:
    """Forget records that were deleted so many days ago, where every system has heard of it; ask for it once a day.

    As long as a system that publishes or receives an entity is away, all graves of that entity stay: it is to hear of
    every deletion when it comes back, and what it says late must not bring anybody back.

    Example: lienthong close-graves --older-than 120
    """
    settings = find_settings()
    with Reader(settings) as reader:
        catalogue = applied_catalogue(settings, reader)
        found = list(lines(catalogue, Observer(settings, reader).look(catalogue), now=time.time()))
        sizes = reader.topics()
    before = int((time.time() - older_than * _DAY_SECONDS) * 1e6)
    kept = False
    for entity in catalogue.entities():
        if away := absent(entity, catalogue, found):
            kept = True
            screen.print(f"[yellow]▲[/] {entity:<20}graves stay: {', '.join(away)} is not up to date; see status")
            continue
        ask(settings, entity, before, range(sizes.get(topics.identify(entity), 0)))
        screen.print(f"[green]✔[/] {entity:<20}the workers close what was deleted more than {older_than} days ago")
    if kept:
        raise typer.Exit(1)


def absent(entity: str, catalogue: Catalogue, found: Iterable[Line]) -> list[str]:
    """Systems of the entity of which it is not known that they have said and heard everything up to yesterday."""
    roles = {"source": catalogue.publishers(entity), "sink": catalogue.subscribers(entity)}
    return [f"{line.role} {line.system}" for line in found if line.system in roles[line.role] and not _is_here(line)]


def _is_here(line: Line) -> bool:
    is_fresh = line.freshness is not None and line.freshness < _DAY_SECONDS
    return line.phase == "streaming" and is_fresh and line.resync is None


def ask(settings: Settings, entity: str, before: int, partitions: Sequence[int]) -> None:
    """`before` in microseconds since 1970. Returns once Kafka has acknowledged; raises Unanswered."""
    if not partitions:
        raise ConsoleError(f"closing graves of {entity}: topic {topics.identify(entity)} is not there; run apply")
    topic = topics.identify(entity)
    registry = Registry(settings.registry, patience=PATIENCE_SECONDS)
    value = Writer(registry, f"{topic}-value", compose.for_entity("forward", entity)).encode(close(before))
    producer = Producer(producer_settings(settings.kafka, **{"delivery.timeout.ms": int(_ANSWER_SECONDS * 1000)}))
    refused: list[str] = []

    def answered(error: KafkaError | None, _: Message) -> None:
        if error is not None:
            refused.append(error.str())

    for partition in partitions:
        producer.produce(topic, value, partition=partition, on_delivery=answered)
    if producer.flush(_ANSWER_SECONDS) or refused:
        told = refused[0] if refused else "no answer"
        raise Unanswered(f"asking the workers of {entity} to close graves: {told}; see that Kafka runs")
