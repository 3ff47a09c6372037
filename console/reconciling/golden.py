"""What a table should hold by the golden records, for a system that also speaks of what it receives.

Such a system is not sent what it shows already, so that its delivery topic does not say all that it should hold.
"""

from collections.abc import Collection, Iterator
from typing import Final

import orjson

from connectors.lateness import key_text
from connectors.values import Expected
from console.decoding import Decoder
from console.reading import BEGINNING, Place
from console.reconciling.delivered import Delivered
from console.reconciling.expectation import Known, Matter, Said, packed
from schemas import topics
from schemas.mapping import MappingError, compile_out, key_out
from schemas.records import EntityState
from streams.project import subscribers
from streams.route import due

#: A state that expects nothing of the target.
_NOTHING: Final = packed([])


class Golden:
    """See `Expectation`. `delivered` tells how far the sink must be, and what is on its way to it."""

    def __init__(self, matter: Matter, delivered: Delivered) -> None:
        _, reader, catalogue, system, entity = matter
        subscription = matter.subscription
        [self._subscriber] = [each for each in subscribers(catalogue, entity) if each.system == system]
        self._key, self._map = key_out(subscription), compile_out(subscription, entity)
        self._columns = list(subscription.fields)
        self._decoder, self._entity = Decoder(matter.settings), entity
        self._reader, self._delivered = reader, delivered
        topic = topics.state(entity)
        self._positions: dict[Place, int] = {
            (topic, number): BEGINNING for number in range(reader.topics().get(topic, 0))
        }
        #: By state key, the rows that it stands for, packed.
        self._said = Said(_expected)
        self.touched = delivered.touched

    @property
    def end(self) -> int:
        """See Expectation."""
        return self._delivered.end

    def follow(self) -> None:
        """See Expectation. The states first: what they led to is in the delivery topic then."""
        for record in self._reader.to_the_end(self._positions):
            self._positions[record.topic, record.partition] = record.offset + 1
            if record.key is not None:
                self._take(record.key, record.value)
        self._delivered.follow()

    def rows(self) -> Collection[Expected]:
        """See Expectation."""
        return self._said.rows()

    def find(self, keys: Collection[str]) -> dict[str, Known]:
        """See Expectation."""
        return self._said.find(keys)

    def told(self) -> Iterator[str]:
        """See Expectation. What its users have written stands in the table, too: nobody asks for all others."""
        return self._delivered.told()

    def is_open(self, key: str) -> bool:
        """See Expectation."""
        return self._delivered.is_open(key)

    def refused(self) -> dict[str, str]:
        """See Expectation."""
        refused = self._delivered.refused()
        owners = self.find(refused.keys()) if refused else {}
        return {key: owners[key].owner if key in owners else owner for key, owner in refused.items()}

    def _take(self, key: bytes, value: bytes | None) -> None:
        before = self._said.get(key, _NOTHING)
        now = _NOTHING if value is None else self._rows(self._decoder.entity_state(value, self._entity))
        if self._delivered.has_begun:
            self.touched.update(expected.key for said in (before, now) for expected in _expected(said))
        if now == _NOTHING:
            self._said.pop(key, None)
        else:
            self._said[key] = now

    def _rows(self, state: EntityState) -> bytes:
        rows: list[tuple[str, list[str | None] | None]] = []
        for key, view in due(state, self._subscriber) or ():
            column = self._key(key)
            if column is None:
                continue
            try:
                values = None if view is None else self._map(view.fields)
            except MappingError:
                continue  # the sink has met the same, and has buried it
            row = None if values is None else [values[name] for name in self._columns]
            rows.append((key_text(column), row))
        return packed(rows)


def _expected(said: bytes) -> list[Expected]:
    return [Expected(*row) for row in orjson.loads(said)]
