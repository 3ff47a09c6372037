"""What is sent again must not be read by the old rules: the workers are brought to the newest ones first."""

import time
from collections.abc import Iterable
from typing import Final

from console.errors import ConsoleError
from console.mending.desk import Desk
from console.mending.parcels import Parcel, send
from console.reading import BEGINNING
from schemas import compose, topics
from schemas.registry import Writer
from streams.repeat import repeat
from streams.revision import REVISION_KEY, worked_in

_PATIENCE_SECONDS: Final = 60.0
_LOOK_SECONDS: Final = 0.3


def bring_up(desk: Desk, entity: str, keys: Iterable[str]) -> None:
    """Returns once the partitions of these keys are worked by the catalogue that is applied, or a newer one.

    Each gets a request to repeat nothing to nobody, which no worker takes up with older rules. Raises ConsoleError
    where nobody does in time.
    """
    wanted, home = desk.catalogue.revision, desk.states(entity).home
    homes = {home(key.encode()): key for key in keys}
    worked = _Worked(desk, entity)
    behind = {place: key for place, key in homes.items() if worked.by(place) < wanted}
    topic = topics.identify(entity)
    encode = Writer(desk.registry, f"{topic}-value", compose.for_entity("forward", entity)).encode
    value = encode({**repeat([]), "revision": wanted})
    send(desk.settings, [Parcel(topic, key, value, []) for key in behind.values()])
    until = time.monotonic() + _PATIENCE_SECONDS
    while any(worked.by(place) < wanted for place in behind):
        if time.monotonic() > until:
            raise ConsoleError(
                f"waiting for the workers of {entity} to go by catalogue revision {wanted}: they do not; see that one "
                "runs, and its log; then do this again"
            )
        time.sleep(_LOOK_SECONDS)


class _Worked:
    """By which catalogue each partition is worked now; each look reads only what is new since the last."""

    def __init__(self, desk: Desk, entity: str) -> None:
        self._desk = desk
        self._entity = entity
        self._positions: dict[int, int] = {}
        self._revisions: dict[int, int] = {}

    def by(self, partition: int) -> int:
        start = self._positions.get(partition, BEGINNING)
        for record in self._desk.reader.to_the_end({(topics.state(self._entity), partition): start}):
            self._positions[partition] = record.offset + 1
            if record.key == REVISION_KEY.encode() and record.value is not None:
                state = self._desk.decoder.entity_state(record.value, self._entity)
                self._revisions[partition] = worked_in(state).revision
        return self._revisions.get(partition, 0)
