"""Confluent-framed Avro from Kafka to the records of `schemas.records`, by the writer's schema."""

from typing import Any, Final, cast

from schemas import registry
from schemas.records import ConnectorState, DeadLetter, EntityState, Outcome
from schemas.settings import Settings

#: How long a command asks a registry that does not answer.
PATIENCE_SECONDS: Final = 5.0


class Decoder:
    """Fetches each schema once. Every method raises RegistryUnavailable, or CodecError for bytes at fault."""

    def __init__(self, settings: Settings) -> None:
        self._decoder = registry.Decoder(registry.Registry(settings.registry, patience=PATIENCE_SECONDS))

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

    def _decode(self, value: bytes) -> Any:
        return self._decoder.decode(value)
