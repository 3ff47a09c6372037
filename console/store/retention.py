"""Removes what is older than the topics keep it, some rows at a time, so that nobody waits long for a lock."""

from typing import Any, Final

import psycopg
from psycopg import Connection

from console.store.database import unavailable
from schemas import topics

CHUNK: Final = 20_000
#: Of each table, what says how old a row is, and the topic that keeps it as long. Sums and positions stay.
_TABLES: Final = {
    "ranges": ("time", topics.OUTCOMES, ""),
    "exceptions": ("time", topics.OUTCOMES, ""),
    "captures": ("time", topics.OUTCOMES, ""),
    # What waits is still to be counted.
    "stretches": (
        "newest",
        topics.OUTCOMES,
        "AND last < (SELECT next_offset FROM accounts a WHERE a.topic = t.topic AND a.partition = t.partition)",
    ),
    "dead_letters": ("time", topics.DEAD_LETTERS, ""),
}


def remove_old(connection: Connection[Any], *, now: int) -> dict[str, int]:
    """One chunk of each table at most; returns how many rows of each were removed. `now`: microseconds since 1970."""
    kept = {topic.name: int(topic.config.get("retention.ms", 0)) * 1000 for topic in topics.shared_topics()}
    removed = {}
    try:
        for table, (column, topic, more) in _TABLES.items():
            statement = (
                f"DELETE FROM {table} WHERE ctid = ANY(ARRAY(SELECT ctid FROM {table} t "  # noqa: S608 - ours
                f"WHERE {column} < %s {more} LIMIT {CHUNK}))"
            )
            removed[table] = connection.execute(statement.encode(), [now - kept[topic]]).rowcount
            # What is gone from here is not known any more.
            horizon = "UPDATE positions SET horizon = greatest(horizon, %s) WHERE topic = %s"
            if removed[table] and table in ("ranges", "dead_letters"):
                connection.execute(horizon, [now - kept[topic], topic])
    except psycopg.Error as error:
        raise unavailable("removing old outcomes from the store", error) from error
    return removed
