"""The ConnectorState of a sink, made of how its streams are doing."""

import json
import time
from collections.abc import Mapping

from connectors.delivery.control import Status
from connectors.delivery.reports import Reports
from schemas.records import ConnectorState, Phase

#: Of several streams, what the worst one does is said of all.
_WORST_FIRST: tuple[Phase, ...] = ("retrying", "starting", "paused", "streaming", "stopped")


class LastWord:
    """Says how the streams are doing; `streams` by a name for people."""

    def __init__(self, reports: Reports, generation: int) -> None:
        self._reports = reports
        self._generation = generation

    def say(self, streams: Mapping[str, Status], *, safely: bool = False) -> None:
        """Where nothing has changed, it is a sign of life. `safely`: see Reports. Raises KafkaTrouble."""
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
                resync=None,
            ),
            safely=safely,
        )
