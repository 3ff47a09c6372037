"""The ConnectorState of a sink, made of how its streams are doing."""

import json
import time
from collections.abc import Mapping

from confluent_kafka import KafkaException

from connectors.delivery.control import Status
from connectors.delivery.reports import Reports
from connectors.delivery.trouble import KafkaTrouble
from connectors.topic_end import last_value
from schemas import compose, topics
from schemas.records import ConnectorState, Phase
from schemas.registry import Decoder, Registry

#: Of several streams, what the worst one does is said of all.
_WORST_FIRST: tuple[Phase, ...] = ("retrying", "starting", "streaming", "stopped")


def next_generation(bootstrap: str, registry: Registry, system: str) -> int:
    """One more than the last start of this sink said. Raises KafkaTrouble, and what the registry raises."""
    try:
        value = last_value(bootstrap, topics.CONNECTORS, f"sink/{system}".encode())
    except KafkaException as error:
        raise KafkaTrouble(
            f"reading the topic {topics.CONNECTORS}: {error.args[0].str()}; see that Kafka runs, or run "
            "`lienthong apply` where the topic does not exist"
        ) from error
    if value is None:
        return 1
    state: ConnectorState = Decoder(registry, compose.load("connector_state")).decode(value)
    return state["generation"] + 1


class LastWord:
    """Says how the streams are doing; `streams` by a name for people."""

    def __init__(self, reports: Reports, generation: int) -> None:
        self._reports = reports
        self._generation = generation

    def say(self, streams: Mapping[str, Status]) -> None:
        """Where nothing has changed, it is a sign of life. Raises KafkaTrouble."""
        phases: set[Phase] = {status.phase for status in streams.values()}
        phase: Phase = next((phase for phase in _WORST_FIRST if phase in phases), "starting")
        troubles = [f"{name}: {status.message}" for name, status in streams.items() if status.message]
        places = {name: {"position": status.position, "lag": status.lag} for name, status in streams.items()}
        self._reports.say(
            ConnectorState(
                role="sink",
                system=self._reports.reporter.system,
                generation=self._generation,
                epoch=0,
                phase=phase,
                detail=json.dumps(places),
                message="; ".join(troubles),
                time=time.time_ns() // 1000,
            )
        )
