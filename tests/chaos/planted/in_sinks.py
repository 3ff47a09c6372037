"""Mistakes in the sink of PostgreSQL."""

from contextlib import suppress
from typing import Any

from pytest import MonkeyPatch

from connectors.errors import Fenced
from connectors.sinks.postgres import PostgresSink
from connectors.sinks.postgres_target import position, session
from connectors.values import Writes

_ADVANCE = """
UPDATE lienthong.position SET next_offset = %(next_offset)s
WHERE topic = %(topic)s AND "partition" = %(partition)s
"""


def a_sink_without_fencing(patch: MonkeyPatch) -> None:
    """Whoever comes may write, whatever has been written since."""

    def advance(connection: Any, writes: Writes, _generation: int) -> None:
        stream = writes.stream
        place = {"topic": stream.topic, "partition": stream.partition, "next_offset": writes.next_offset}
        connection.execute(_ADVANCE, place)

    patch.setattr(position, "advance", advance)


def a_sink_position_in_another_transaction(patch: MonkeyPatch) -> None:
    """The position is committed by itself, before the rows."""

    def begin(self: PostgresSink, _connection: Any, writes: Writes, generation: int) -> None:
        # Where a write is tried again, row by row, it has moved already.
        with suppress(Fenced), session.connect(self._dsn, self._system) as other:
            position.advance(other, writes, generation)

    patch.setattr(PostgresSink, "_begin", begin)
