"""One line of `lienthong status`: how a system's source or sink stands, judged from a picture of the city."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from console.backlog import NOTHING, Waiting
from console.ledger import Role
from console.observing import Picture
from schemas.catalogue import Catalogue
from schemas.manifest import Manifest
from schemas.records import ConnectorState, Resync
from schemas.topics import raw, to

#: Connectors write their state every 5 s; one late word is not yet trouble.
HEARTBEAT_GRACE_SECONDS = 6.0
#: Without a word for so long, a connector that did not say goodbye is taken for dead.
SILENCE_SECONDS = 20.0
_LATE_FACTOR = 3


class Health(StrEnum):
    """Freshness against the declared cadence."""

    green = "green"
    yellow = "yellow"
    red = "red"


@dataclass(frozen=True)
class Line:
    """One system in one role. `freshness`: seconds by which the data may be behind; None: it was never fresh."""

    system: str
    role: Role
    phase: str
    health: Health
    freshness: float | None
    cadence: float
    captured: int | None
    delivered: int | None
    quarantined: int
    waiting: int
    trouble: str
    time: int
    resync: Resync | None = None
    #: Who has paused it and why; empty where nobody has.
    paused: str = ""


def lines(catalogue: Catalogue, picture: Picture, *, now: float) -> Iterator[Line]:
    """Every system, its source before its sink. `now` in seconds since 1970."""
    for manifest in catalogue.manifests.values():
        if manifest.publishes:
            yield _source_line(manifest, picture, now=now)
        if manifest.subscribes:
            yield _sink_line(manifest, picture, now=now)


def _source_line(manifest: Manifest, picture: Picture, *, now: float) -> Line:
    system, entities = manifest.system, list(manifest.publishes)
    common = _common(manifest, "source", picture, [raw(system, entity) for entity in entities], now)
    captured = sum(picture.ledger.count("captured", system, entity) for entity in entities)
    quarantined = sum(picture.ledger.quarantined(system, entity, role="source") for entity in entities)
    return Line(**common, captured=captured, delivered=None, quarantined=quarantined)


def _sink_line(manifest: Manifest, picture: Picture, *, now: float) -> Line:
    system, entities = manifest.system, list(manifest.subscribes)
    common = _common(manifest, "sink", picture, [to(system, entity) for entity in entities], now)
    delivered = sum(picture.ledger.count("delivered", system, entity) for entity in entities)
    quarantined = sum(picture.ledger.quarantined(system, entity, role="sink") for entity in entities)
    return Line(**common, captured=None, delivered=delivered, quarantined=quarantined)


def _common(manifest: Manifest, role: Role, picture: Picture, topics: list[str], now: float) -> dict[str, Any]:
    key = f"{role}/{manifest.system}"
    state = picture.connectors.get(key)
    waiting = [picture.waiting.get(topic, NOTHING) for topic in topics]
    phase = _phase(state, now)
    freshness = _behind(picture.healthy.get(key), waiting, now)
    cadence = float(manifest.cadence_seconds)
    return {
        "system": manifest.system,
        "role": role,
        "phase": phase,
        "health": _health(freshness, cadence, phase),
        "freshness": freshness,
        "cadence": cadence,
        "waiting": sum(each.records for each in waiting),
        "trouble": state["message"] if state else "",
        "time": state["time"] if state else 0,
        "paused": picture.pauses.get(key, ""),
        "resync": state["resync"] if state and state["resync"] and state["resync"]["left"] else None,
    }


def _phase(state: ConnectorState | None, now: float) -> str:
    if state is None:
        return "absent"
    if state["phase"] != "stopped" and now - state["time"] / 1e6 > SILENCE_SECONDS:
        return "silent"
    return state["phase"]


def _behind(healthy: int | None, waiting: list[Waiting], now: float) -> float | None:
    """The age of the last healthy word, or of the oldest record that waits, whichever is greater."""
    if healthy is None:
        return None
    oldest = min((each.oldest for each in waiting if each.records), default=0)
    return max(0.0, now - healthy / 1e6, now - oldest / 1e3 if oldest else 0.0)


def _health(freshness: float | None, cadence: float, phase: str) -> Health:
    allowed = cadence + HEARTBEAT_GRACE_SECONDS
    if freshness is None:
        return Health.yellow if phase in ("starting", "snapshot") else Health.red
    if freshness <= allowed:
        return Health.green
    return Health.yellow if freshness <= _LATE_FACTOR * allowed else Health.red
