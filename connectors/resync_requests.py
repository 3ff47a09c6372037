"""Requests that tables be read anew, in the compacted topic `resyncs`: who asks, and which source takes it up."""

import time
from collections.abc import Iterable, Sequence
from typing import Final
from uuid import uuid4

from connectors.wishes import Wishes, wish
from schemas import compose
from schemas.records import Resync, ResyncRequest
from schemas.registry import Decoder, Registry, Writer
from schemas.topics import RESYNCS

#: As `resource` of a request: all tables that the system publishes. The second: because their mapping is another one.
ALL: Final = "*"
REMAPPED: Final = "*remapped"
NOTHING: Final[Resync] = {"taken": {}, "answers": [], "resource": "", "left": 0, "rows": 0, "expected": 0}


def ask(bootstrap: str, registry: Registry, *, system: str, resource: str, rate: int) -> ResyncRequest:
    """Ask a source to read a table, or ALL, anew; a request of the same that is not yet taken up is replaced.

    Returns once Kafka has acknowledged it. Raises NotAsked, and what the registry raises.
    """
    request = ResyncRequest(id=uuid4().hex, system=system, resource=resource, rate=rate, time=time.time_ns() // 1000)
    value = Writer(registry, f"{RESYNCS}-value", compose.load("resync_request")).encode(request)
    wish(bootstrap, RESYNCS, f"{system}/{resource}", value, doing=f"asking {system} to read {resource} anew")
    return request


def requests(bootstrap: str, registry: Registry, system: str) -> Wishes[ResyncRequest]:
    """The last request of each kind for one system."""
    return Wishes(bootstrap, RESYNCS, f"{system}/", Decoder(registry, compose.load("resync_request")).decode)


def remapped(system: str, fingerprint: str) -> ResyncRequest:
    """What a source asks itself: to read all tables anew when what they mean has changed, as the fingerprint says."""
    return ResyncRequest(id=fingerprint, system=system, resource=REMAPPED, rate=0, time=0)


def concerns(request: ResyncRequest, tables: Iterable[str]) -> list[str]:
    """Those of the published tables that are to be read anew."""
    return [table for table in tables if request["resource"] in (ALL, REMAPPED, table)]


def not_taken_up(latest: Iterable[ResyncRequest], known: Resync | None) -> Sequence[ResyncRequest]:
    """Requests that a source has not taken up."""
    taken = known["taken"] if known else {}
    return [request for request in latest if taken.get(request["resource"]) != request["id"]]


def taken_up(known: Resync | None, requests: Iterable[ResyncRequest]) -> Resync:
    """What to keep once these requests are taken up."""
    listed = list(requests)
    before = known or NOTHING
    taken = before["taken"] | {request["resource"]: request["id"] for request in listed}
    answers = dict.fromkeys([*before["answers"], *(request["id"] for request in listed)])
    return {**before, "taken": taken, "answers": list(answers)}


def finished(known: Resync | None) -> Resync | None:
    """What to keep once all that was taken up is done."""
    return None if known is None else {**NOTHING, "taken": known["taken"]}


def is_done(request: ResyncRequest, known: Resync | None) -> bool:
    """Whether a source has read all that was asked for."""
    if known is None or known["taken"].get(request["resource"]) != request["id"]:
        return False
    return request["id"] not in known["answers"]
