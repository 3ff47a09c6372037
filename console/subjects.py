"""Registers the schemas of every topic whose structure is fixed; those of raw topics belong to their sources."""

import json
from typing import Any, NamedTuple

from confluent_kafka.schema_registry import Schema, SchemaRegistryClient, SchemaRegistryError

from console.errors import ConsoleError
from schemas.catalogue import Catalogue
from schemas.compose import for_entity, load
from schemas.settings import Settings
from schemas.topics import CONNECTORS, DEAD_LETTERS, OUTCOMES, identify, state, to


class Subject(NamedTuple):
    """A topic and the Avro schema of its values."""

    topic: str
    schema: dict[str, Any]


def wanted_subjects(catalogue: Catalogue) -> list[Subject]:
    """Every topic of the city whose structure no source decides."""
    wanted = [
        Subject(CONNECTORS, load("connector_state")),
        Subject(DEAD_LETTERS, load("dead_letter")),
        Subject(OUTCOMES, load("outcome")),
    ]
    for entity in catalogue.entities():
        wanted.append(Subject(state(entity), for_entity("entity_state", entity)))
        wanted.append(Subject(identify(entity), for_entity("forward", entity)))
        wanted += [
            Subject(to(system, entity), for_entity("delivery", entity)) for system in catalogue.subscribers(entity)
        ]
    return wanted


def register(settings: Settings, wanted: list[Subject]) -> list[str]:
    """Returns the topics whose schema is new. Raises ConsoleError where a schema breaks the readers of the last one."""
    client = SchemaRegistryClient({"url": settings.registry})
    return [subject.topic for subject in wanted if _is_new(client, subject, settings)]


def _is_new(client: SchemaRegistryClient, subject: Subject, settings: Settings) -> bool:
    name = f"{subject.topic}-value"
    schema = Schema(json.dumps(subject.schema), "AVRO")
    try:
        before = client.get_versions(name) if name in client.get_subjects() else []
        client.register_schema(name, schema)
        if not before:
            client.set_compatibility(name, "BACKWARD")
        return client.get_versions(name) != before
    except SchemaRegistryError as error:
        raise ConsoleError(f"registering the schema of {subject.topic}: {error.error_message}") from error
    except Exception as error:  # whatever the HTTP client raises: the registry did not answer
        raise ConsoleError(
            f"registering the schema of {subject.topic}: no answer from the registry at {settings.registry} "
            f"({type(error).__name__}); is the city running? Start it with `make run`, or correct LIENTHONG_REGISTRY"
        ) from error
