"""Confluent-framed Avro from Kafka to the records of `schemas.records`, by the writer's schema."""

import io
import json
from typing import Any, cast

import fastavro
from confluent_kafka.schema_registry import SchemaRegistryClient

from console.errors import ConsoleError
from schemas.records import ChangeEvent, ConnectorState, DeadLetter, Delivery, EntityState, Outcome
from schemas.settings import Settings


class Decoder:
    """Knows the registry; each schema is fetched once."""

    def __init__(self, settings: Settings) -> None:
        self._client = SchemaRegistryClient({"url": settings.registry})
        self._schemas: dict[int, Any] = {}
        self._registry = settings.registry

    def outcome(self, value: bytes) -> Outcome:
        """A value of `outcomes`."""
        return cast(Outcome, self._decode(value))

    def connector_state(self, value: bytes) -> ConnectorState:
        """A value of `connectors`."""
        return cast(ConnectorState, self._decode(value))

    def dead_letter(self, value: bytes) -> DeadLetter:
        """A value of `dead_letters`."""
        return cast(DeadLetter, self._decode(value))

    def entity_state(self, value: bytes) -> EntityState:
        """A value of `entity.<entity>`."""
        return cast(EntityState, self._decode(value))

    def change_event(self, value: bytes) -> ChangeEvent:
        """A value of `raw.<system>.<entity>`."""
        return cast(ChangeEvent, self._decode(value))

    def delivery(self, value: bytes) -> Delivery:
        """A value of `to.<system>.<entity>`."""
        return cast(Delivery, self._decode(value))

    def _decode(self, value: bytes) -> Any:
        number = int.from_bytes(value[1:5], "big")
        if number not in self._schemas:
            try:
                text = self._client.get_schema(number).schema_str or ""
            except Exception as error:
                raise ConsoleError(
                    f"asking the registry at {self._registry} for schema {number}: {error}; is the registry running?"
                ) from error
            self._schemas[number] = fastavro.parse_schema(json.loads(text))
        return fastavro.schemaless_reader(io.BytesIO(value[5:]), self._schemas[number], None)
