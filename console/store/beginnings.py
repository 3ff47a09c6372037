"""Where the reading of a partition begins, and from where on its account is kept."""

import time
from typing import Any, Final

import psycopg
from psycopg import Connection

from console.reading import Place
from console.store.database import unavailable
from console.store.sorting import ENDS
from console.store.topic_places import Edges
from schemas import topics

_OF_PLACE: Final = ("positions", "accounts", "stretches", "frontiers", "ranges", "exceptions")


def positions(connection: Connection[Any]) -> dict[Place, tuple[str, int]]:
    """By partition, its topic's id and the offset to go on at."""
    rows = connection.execute("SELECT topic, partition, topic_id, next_offset FROM positions")
    return {(topic, partition): (topic_id, offset) for topic, partition, topic_id, offset in rows}


def forget(connection: Connection[Any], place: Place) -> None:
    """The topic is another one, or gone: what was said of its offsets is of no use any more. Sums stay."""
    try:
        with connection.transaction():
            for table in _OF_PLACE:
                connection.execute(f"DELETE FROM {table} WHERE topic = %s AND partition = %s".encode(), place)  # noqa: S608 - ours
    except psycopg.Error as error:
        raise unavailable(f"forgetting topic {place[0]} in the store", error) from error


def begin(connection: Connection[Any], place: Place, topic_id: str, *, since: int, horizon: int) -> None:
    """From the offset `since` on; what was written before `horizon` is not known. Raises StoreUnavailable."""
    try:
        with connection.transaction():
            if topics.place(place[0]).kind:
                _open_account(connection, place, since, time=time.time_ns() // 1000)
            connection.execute(
                "INSERT INTO positions (topic, partition, topic_id, next_offset, horizon) VALUES (%s, %s, %s, %s, %s)",
                [*place, topic_id, since, horizon],
            )
    except psycopg.Error as error:
        raise unavailable(f"beginning to read topic {place[0]} into the store", error) from error


def first_counted(connection: Connection[Any], place: Place, edges: Edges) -> int:
    """Where the account of a partition begins that was there before the store: a store that was lost, say.

    Of a compacted topic it cannot be told any more what stood there once: it is counted from what has met its end by
    now. Of the others, from where all is there.
    """
    kind = topics.place(place[0]).kind
    if not kind or (kind != "to" and not edges.low):
        return edges.low
    found = connection.execute(
        "SELECT max(last) FROM frontiers WHERE topic = %s AND partition = %s AND result = ANY(%s)",
        [*place, list(ENDS[kind])],
    ).fetchone()
    ended = 0 if found is None or found[0] is None else int(found[0]) + 1
    return max(edges.low, ended)


def _open_account(connection: Connection[Any], place: Place, since: int, *, time: int) -> None:
    ends = list(ENDS[topics.place(place[0]).kind])
    connection.execute(
        "INSERT INTO accounts (topic, partition, since, since_time, ended, settled, next_offset) "
        "SELECT %(topic)s, %(partition)s, %(since)s, %(time)s, coalesce(sum(count), 0), %(since)s, "
        "coalesce(max(last) + 1, %(since)s) FROM ("
        "  SELECT count, last FROM ranges WHERE topic = %(topic)s AND partition = %(partition)s"
        "    AND first >= %(since)s AND result = ANY(%(ends)s)"
        '  UNION ALL SELECT 1, "offset" FROM exceptions WHERE topic = %(topic)s AND partition = %(partition)s'
        '    AND "offset" >= %(since)s AND result = ANY(%(ends)s) AND field IS NULL) AS ended',
        {"topic": place[0], "partition": place[1], "since": since, "time": time, "ends": ends},
    )
