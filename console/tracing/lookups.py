"""What the store knows of one record: the ends of its places in Kafka. Each lookup reads a few index pages."""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import psycopg
from psycopg import Connection

from console.reading import Place
from console.store.database import unavailable
from console.store.sorting import ENDS
from schemas import topics
from schemas.identity import event_position

#: Ranges that begin before a place and may reach over it: those of one batch, of each result and system. Without this
#: limit, what is not known is looked for in everything that came before.
_LOOK_BACK: Final = 200


class Ending(NamedTuple):
    """The end of one record. `reason` and `message` of what was quarantined."""

    result: str
    time: int
    process: str
    reason: str = ""
    message: str = ""


class Captured(NamedTuple):
    """When, and by whom."""

    time: int
    process: str


class Lookups:
    """Each method raises StoreUnavailable."""

    def __init__(self, connection: Connection[Any]) -> None:
        self._connection = connection

    def captured(self, event_id: str, entity: str) -> Captured | None:
        """Of the event of this id."""
        source, epoch, commit, _ = event_position(event_id)
        rows = self._rows(
            "SELECT time, process FROM (SELECT first, last, time, process FROM captures WHERE system = %s "
            "AND entity = %s AND epoch = %s AND first <= %s ORDER BY first DESC, time DESC LIMIT %s) AS near "
            "WHERE last >= %s ORDER BY first DESC, time DESC LIMIT 1",
            [source.partition("/")[0], entity, epoch, commit, _LOOK_BACK, commit],
        )
        return Captured(*rows[0]) if rows else None

    def end(self, place: Place, offset: int) -> Ending | None:
        """How the record there ended; None where it has not, or where that is too long ago."""
        given = [*place, offset]
        ends = list(ENDS[topics.place(place[0]).kind])
        rows = self._rows(
            "SELECT e.result, e.time, e.process, e.reason, coalesce(d.message, '') FROM exceptions e "
            'LEFT JOIN dead_letters d ON d.topic = e.topic AND d.partition = e.partition AND d."offset" = e."offset" '
            'WHERE e.topic = %s AND e.partition = %s AND e."offset" = %s AND e.field IS NULL LIMIT 1',
            given,
        )
        rows = rows or self._rows(
            "SELECT result, time, process FROM (SELECT result, last, time, process FROM ranges WHERE topic = %s "
            "AND partition = %s AND first <= %s ORDER BY first DESC LIMIT %s) AS near "
            "WHERE last >= %s AND result = ANY(%s) ORDER BY time DESC LIMIT 1",
            [*given, _LOOK_BACK, offset, ends],
        )
        return Ending(*rows[0]) if rows else None

    def next_offsets(self) -> Mapping[Place, int]:
        """By partition, the offset after the last record that has met an end."""
        rows = self._rows("SELECT topic, partition, next_offset FROM accounts", [])
        return {(topic, partition): offset for topic, partition, offset in rows}

    def waiting_before(self, place: Place, offset: int) -> int:
        """Records of the partition that wait and stand before this offset."""
        rows = self._rows(
            "SELECT coalesce(sum(least(s.last + 1, %(offset)s) - greatest(s.first, a.next_offset) - (SELECT count(*) "
            "FROM unnest(s.gaps) AS gap WHERE gap >= a.next_offset AND gap < %(offset)s)), 0)::bigint "
            "FROM accounts a JOIN stretches s USING (topic, partition) WHERE a.topic = %(topic)s "
            "AND a.partition = %(partition)s AND s.last >= a.next_offset AND s.first < %(offset)s",
            {"topic": place[0], "partition": place[1], "offset": offset},
        )
        return int(rows[0][0])

    def _rows(self, query: str, given: Any) -> list[tuple[Any, ...]]:
        try:
            return self._connection.execute(query.encode(), given).fetchall()
        except psycopg.Error as error:
            raise unavailable("looking a record up in the store", error) from error
