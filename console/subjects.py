"""Registers the schemas of every topic whose structure is fixed; those of raw topics belong to their sources."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, NamedTuple

from console.decoding import PATIENCE_SECONDS
from schemas.catalogue import Catalogue
from schemas.compose import for_entity, load
from schemas.registry import Registry
from schemas.settings import Settings
from schemas.topics import CONNECTORS, DEAD_LETTERS, DECISIONS, OUTCOMES, PAUSES, RESYNCS, identify, state, to

#: The registry takes its time for each, and has more than one hand.
_AT_ONCE: Final = 4


class Subject(NamedTuple):
    """A topic and the Avro schema of its values."""

    topic: str
    schema: dict[str, Any]


def wanted_subjects(catalogue: Catalogue) -> list[Subject]:
    """Every topic of the city whose structure no source decides."""
    wanted = [
        Subject(CONNECTORS, load("connector_state")),
        Subject(DEAD_LETTERS, load("dead_letter")),
        Subject(DECISIONS, load("decision")),
        Subject(OUTCOMES, load("outcome")),
        Subject(PAUSES, load("pause")),
        Subject(RESYNCS, load("resync_request")),
    ]
    for entity in catalogue.entities():
        wanted.append(Subject(state(entity), for_entity("entity_state", entity)))
        wanted.append(Subject(identify(entity), for_entity("forward", entity)))
        wanted += [
            Subject(to(system, entity), for_entity("delivery", entity)) for system in catalogue.subscribers(entity)
        ]
    return wanted


def register(settings: Settings, wanted: list[Subject]) -> list[str]:
    """Returns the topics whose schema is new. Raises IncompatibleSchema where readers of the last one could not go on,
    and RegistryUnavailable.
    """
    registry = Registry(settings.registry, patience=PATIENCE_SECONDS)
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        are_new = list(pool.map(lambda subject: _is_new(registry, subject), wanted))
    return [subject.topic for subject, is_new in zip(wanted, are_new, strict=True) if is_new]


def _is_new(registry: Registry, subject: Subject) -> bool:
    name = f"{subject.topic}-value"
    before = registry.latest(name)
    registry.register(name, subject.schema)
    return registry.latest(name) != before
