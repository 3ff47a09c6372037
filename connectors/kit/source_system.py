"""What the source suite needs to know of a kind: a system with one table that it can change."""

import time
from collections.abc import Sequence
from typing import Any, Protocol

from connectors.contract import Source
from connectors.resync_requests import ALL, not_taken_up
from schemas.manifest import Manifest
from schemas.records import ConnectorState, Phase, Resync, ResyncRequest

#: The system's table: `id` its primary key, `ma` the identifier (may be NULL), `ho_ten` a text (may be NULL).
TABLE = "public.cong_dan"
ENTITY = "person"


class SourceSystem(Protocol):
    """A system with an empty table TABLE. The suite gets a fresh one for every test."""

    def source(self) -> Source:
        """A source for `source_manifest(...)`, not yet opened; each call a new one on this system."""

    def put(self, row: int, **values: str | None) -> None:
        """Insert or update the row with this `id`, in a transaction of its own."""

    def remove(self, row: int) -> None:
        """Delete the row with this `id`, in a transaction of its own."""

    def sever(self) -> None:
        """Cut the connections of all sources that are open, as a network or a server that dies would."""


class KeptMemory:
    """A source's memory without Kafka. See `connectors.contract.Memory`."""

    def __init__(self, before: "KeptMemory | None" = None) -> None:
        """`before`: the memory of an earlier start; this one is of a later generation and knows what it kept."""
        self.last: ConnectorState | None = before.last if before else None
        self.generation: int = before.generation + 1 if before else 1
        self.phases: list[Phase] = []
        self.requests: list[ResyncRequest] = before.requests if before else []

    def ask(self, resource: str = ALL, *, rate: int = 0) -> ResyncRequest:
        """As `lienthong resync` does."""
        request = ResyncRequest(id=str(len(self.requests)), system="kit", resource=resource, rate=rate, time=0)
        self.requests.append(request)
        return request

    def asked(self) -> Sequence[ResyncRequest]:
        """See Memory."""
        latest = {request["resource"]: request for request in self.requests}
        return not_taken_up(latest.values(), self.last["resync"] if self.last else None)

    def keep(
        self, *, epoch: int, phase: Phase, detail: str = "", message: str = "", resync: Resync | None = None
    ) -> None:
        """See Memory."""
        self.phases.append(phase)
        self.last = ConnectorState(
            role="source",
            system="kit",
            generation=self.generation,
            epoch=epoch,
            phase=phase,
            detail=detail,
            message=message,
            time=time.time_ns() // 1000,
            resync=resync or (self.last["resync"] if self.last else None),
        )


def source_manifest(connect: dict[str, Any]) -> Manifest:
    """The manifest that the suite works with, for a system reached by `connect` (its `kind` included)."""
    return Manifest.model_validate(
        {
            "system": "kit",
            "connect": connect,
            "publishes": {
                ENTITY: {
                    "from": TABLE,
                    "key": {"citizen_id": "ma", "else": "id"},
                    "fields": {"full_name": "ho_ten"},
                    "owns": ["full_name", "existence"],
                }
            },
        }
    )
