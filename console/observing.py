"""Looks at the running city: the last word of every connector, the outcomes, and what waits where."""

import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from console.backlog import Waiting, waiting_after, workers_positions, workers_running
from console.decoding import Decoder
from console.ledger import Ledger, begun
from console.reading import BEGINNING, Place, Reader
from schemas.catalogue import Catalogue
from schemas.records import ConnectorState, Direction, Pause
from schemas.settings import Settings
from schemas.topics import CONNECTORS, OUTCOMES, PAUSES, identify, raw, to

_WORDS: Place = (CONNECTORS, 0)
#: Who does the work of each direction of a system.
ROLES: Final[dict[Direction, str]] = {"publishing": "source", "receiving": "sink"}
_LATELY_SECONDS = 30.0


@dataclass
class Picture:
    """The city at one moment: by connector key (`source/ho_tich`) its last word and the time, in microseconds since
    1970, of its last word in phase streaming; the outcomes; the waiting records by topic. `pauses`: by connector key,
    who has paused it and why. `workers`: by entity, how many run.
    """

    connectors: dict[str, ConnectorState] = field(default_factory=dict)
    healthy: dict[str, int] = field(default_factory=dict)
    ledger: Ledger = field(default_factory=Ledger)
    waiting: dict[str, Waiting] = field(default_factory=dict)
    pauses: dict[str, str] = field(default_factory=dict)
    workers: dict[str, int] = field(default_factory=dict)


class Observer:
    """Makes pictures of the city; each look reads only what is new since the last."""

    def __init__(self, settings: Settings, reader: Reader) -> None:
        self._settings = settings
        self._reader = reader
        self._decoder = Decoder(settings)
        self._connectors_position = BEGINNING
        self._picture = Picture(ledger=begun(settings))

    def look(self, catalogue: Catalogue) -> Picture:
        """The city now. Upstream is looked at before downstream: what is empty in this order has really run dry."""
        sizes = self._reader.topics()
        picture = self._picture
        if CONNECTORS in sizes:
            self._read_connectors(catalogue)
        if PAUSES in sizes:
            self._read_pauses()
        picture.workers = workers_running(self._settings, catalogue.entities())
        for entity in catalogue.entities():
            topics = [raw(system, entity) for system in catalogue.publishers(entity)] + [identify(entity)]
            places = _places(topics, sizes)
            picture.waiting |= waiting_after(self._reader, workers_positions(self._settings, entity, places))
        if OUTCOMES in sizes:
            self._read_outcomes()
        topics = [to(system, entity) for entity in catalogue.entities() for system in catalogue.subscribers(entity)]
        ended = picture.ledger.ended
        positions = {place: ended.get(place, BEGINNING) for place in _places(topics, sizes)}
        picture.waiting |= waiting_after(self._reader, positions)
        return picture

    def _read_connectors(self, catalogue: Catalogue) -> None:
        """Each connector writes every few seconds: where all were healthy lately, the hours before tell nothing new."""
        if self._connectors_position == BEGINNING:
            self._take_words(self._reader.offset_at(_WORDS, time=time.time() - _LATELY_SECONDS))
            if _expected(catalogue) <= self._picture.healthy.keys():
                return
            self._connectors_position = BEGINNING
        self._take_words(self._connectors_position)

    def _take_words(self, position: int) -> None:
        for record in self._reader.to_the_end({_WORDS: position}):
            self._connectors_position = record.offset + 1
            if record.key is None or record.value is None:
                continue
            key, state = record.key.decode(), self._decoder.connector_state(record.value)
            self._picture.connectors[key] = state
            if state["phase"] == "streaming":
                self._picture.healthy[key] = state["time"]

    def _read_pauses(self) -> None:
        standing: dict[bytes | None, Pause] = {}
        for record in self._reader.to_the_end({(PAUSES, 0): BEGINNING}):
            standing.pop(record.key, None)
            if record.value is not None:
                standing[record.key] = self._decoder.pause(record.value)
        self._picture.pauses = {
            f"{ROLES[each['direction']]}/{each['system']}": f"{each['by']}: {each['why']}" for each in standing.values()
        }

    def _read_outcomes(self) -> None:
        ledger = self._picture.ledger
        for record in self._reader.to_the_end({(OUTCOMES, 0): ledger.position}):
            ledger.position = record.offset + 1
            if record.value is not None:
                ledger.take(self._decoder.outcome(record.value))


def _expected(catalogue: Catalogue) -> set[str]:
    """Keys in `connectors` of everybody who should run."""
    manifests = catalogue.manifests.values()
    sources = {f"source/{manifest.system}" for manifest in manifests if manifest.publishes}
    return sources | {f"sink/{manifest.system}" for manifest in manifests if manifest.subscribes}


def _places(topics: Iterable[str], sizes: dict[str, int]) -> list[Place]:
    return [(topic, partition) for topic in topics for partition in range(sizes.get(topic, 0))]
