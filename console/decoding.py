"""Confluent-framed Avro from Kafka to the records of `schemas.records`."""

from typing import Any, Final, cast

from schemas import compose, registry
from schemas.records import ConnectorState, DeadLetter, Decision, EntityState, Outcome, Pause
from schemas.settings import Settings

#: How long a command asks a registry that does not answer.
PATIENCE_SECONDS: Final = 5.0


class Decoder:
    """Fetches each schema once, and reads what an older version wrote as this one knows it.

    Every method raises RegistryUnavailable, or CodecError for bytes at fault.
    """

    def __init__(self, settings: Settings) -> None:
        self._registry = registry.Registry(settings.registry, patience=PATIENCE_SECONDS)
        self._decoders: dict[tuple[str, str], registry.Decoder] = {}

    def outcome(self, value: bytes) -> Outcome:
        """A value of `outcomes`."""
        return cast(Outcome, self._decode("outcome", value))

    def connector_state(self, value: bytes) -> ConnectorState:
        """A value of `connectors`."""
        return cast(ConnectorState, self._decode("connector_state", value))

    def dead_letter(self, value: bytes) -> DeadLetter:
        """A value of `dead_letters`."""
        return cast(DeadLetter, self._decode("dead_letter", value))

    def decision(self, value: bytes) -> Decision:
        """A value of `decisions`."""
        return cast(Decision, self._decode("decision", value))

    def pause(self, value: bytes) -> Pause:
        """A value of `pauses`."""
        return cast(Pause, self._decode("pause", value))

    def entity_state(self, value: bytes, entity: str) -> EntityState:
        """A value of `entity.<entity>`."""
        return cast(EntityState, self._decode("entity_state", value, entity))

    def _decode(self, name: str, value: bytes, entity: str = "") -> Any:
        decoder = self._decoders.get((name, entity))
        if decoder is None:
            reader = compose.for_entity(name, entity) if entity else compose.load(name)
            decoder = self._decoders[name, entity] = registry.Decoder(self._registry, reader)
        return decoder.decode(value)
