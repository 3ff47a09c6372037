"""The raw history of one system, as far as Kafka holds it: the last word of every row, to be read again."""

from dataclasses import dataclass, field
from typing import Final, TypeAlias

from console.errors import ConsoleError
from console.mending.desk import Desk
from console.mending.event import read
from console.mending.parcels import Parcel
from console.reading import BEGINNING, Place, Reader, Record
from schemas.identity import event_id
from schemas.records import ChangeEvent
from schemas.topics import raw
from streams.claims import find
from streams.cloudevents import Envelope

_PATIENCE_SECONDS: Final = 10.0

_Position: TypeAlias = tuple[int, int, int, int]


@dataclass(slots=True)
class History:
    """`last`: by resource and row. `unread`: records that no schema reads. `begins`: where Kafka has let go of older
    ones, the time of the first that it holds (seconds since 1970); else 0.
    """

    last: dict[tuple[str, str], tuple[_Position, ChangeEvent, Record]] = field(default_factory=dict)
    unread: int = 0
    begins: float = 0.0


def read_history(desk: Desk, system: str, entity: str, *, since: float | None) -> History:
    """Everything that was captured `since` (seconds since 1970), or that Kafka holds. Markers say nothing here."""
    topic = raw(system, entity)
    places = [(topic, number) for number in range(desk.reader.topics().get(topic, 0))]
    found = History(begins=max((_begin(desk.reader, place) for place in places), default=0.0))
    starts = {place: BEGINNING if since is None else desk.reader.offset_at(place, time=since) for place in places}
    for record in desk.reader.to_the_end(starts):
        if record.key is not None and record.value is not None:
            _take(found, desk, record, record.value)
    return found


def unheard(desk: Desk, history: History, entity: str) -> list[Parcel]:
    """What today's mapping has not read yet, in the order of the source's history. What it has, would say the same."""
    states, parcels = desk.states(entity), []
    for _, event, record in sorted(history.last.values(), key=lambda word: word[0]):
        key = record.key or b""
        value = states(states.home(key), key)
        claims = desk.decoder.entity_state(value, entity)["claims"] if value is not None else []
        held = find(claims, event["system"], event["resource"], event["row"])
        now = (event["epoch"], event["commit"], event["ordinal"], desk.catalogue.mapping_revision(event["system"]))
        known = (held["epoch"], held["commit"], held["ordinal"], held["mapping"]) if held is not None else (-1,)
        if now > known:
            headers = Envelope(entity, event_id(event), event["source_time"]).headers(event["operation"])
            parcels.append(Parcel(record.topic, key.decode(), record.value or b"", headers))
    return parcels


def _begin(reader: Reader, place: Place) -> float:
    reader.follow({place: BEGINNING})
    first = reader.next(_PATIENCE_SECONDS)
    return first.time / 1000 if first is not None and first.offset > 0 else 0.0


def _take(found: History, desk: Desk, record: Record, value: bytes) -> None:
    try:
        event = read(value, desk.registry).event
    except ConsoleError:
        found.unread += 1
        return
    position = event["epoch"], event["commit"], event["ordinal"], event["edit"]
    row = event["resource"], event["row"]
    known = found.last.get(row)
    if known is None or known[0] <= position:
        found.last[row] = position, event, record
