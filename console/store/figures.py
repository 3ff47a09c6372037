"""How many records met which end: of all time from the sums, of a window from the rows that are kept."""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple, TypeAlias

import psycopg
from psycopg import Connection

from console.reading import Place
from console.store.balance import Account, accounts
from console.store.database import unavailable
from schemas import topics

#: Result, system, entity, and the kind of topic of which it is told: raw, identify, to; `field` for fields that wait
#: for a person; empty for what never got into Kafka.
Kind: TypeAlias = tuple[str, str, str, str]

_WINDOW: Final = """
SELECT result, system, entity, topic, sum(count)::bigint FROM ranges
 WHERE time >= %(since)s AND time < %(until)s GROUP BY 1, 2, 3, 4
UNION ALL
SELECT result, system, entity, CASE WHEN field IS NULL THEN topic ELSE 'field' END, count(*) FROM exceptions
 WHERE time >= %(since)s AND time < %(until)s GROUP BY 1, 2, 3, 4
UNION ALL
SELECT 'captured', system, entity, '', sum(count)::bigint FROM captures
 WHERE time >= %(since)s AND time < %(until)s GROUP BY 2, 3
"""


class Window(NamedTuple):
    """From `since`, and before `until`, by the clock of who said it; microseconds since 1970."""

    since: int
    until: int


class Figures(NamedTuple):
    """`counts` are of a window, or of all time; `accounts` of now. `horizon`: nothing is known of what was before it,
    0 where all is known. `position`: where the store stands in the topic `outcomes`. `ended`: by partition, the offset
    after the last record that has met an end."""

    counts: Mapping[Kind, int]
    accounts: list[Account]
    horizon: int
    position: int
    ended: Mapping[Place, int]


def read_figures(connection: Connection[Any], window: Window | None = None) -> Figures:
    """All of one moment. Raises StoreUnavailable."""
    try:
        with connection.transaction():
            connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            counts = _of_window(connection, window) if window else _of_all_time(connection)
            horizon, position = _reading(connection)
            rows = connection.execute(
                "SELECT topic, partition, max(last) + 1 FROM frontiers GROUP BY 1, 2 UNION ALL "
                'SELECT topic, partition, max("offset") + 1 FROM exceptions WHERE field IS NULL GROUP BY 1, 2'
            )
            ended = dict[Place, int]()
            for topic, partition, offset in rows:
                ended[topic, partition] = max(offset, ended.get((topic, partition), 0))
            return Figures(counts, accounts(connection), horizon, position, ended)
    except psycopg.Error as error:
        raise unavailable("reading the account of the city", error) from error


def _of_all_time(connection: Connection[Any]) -> dict[Kind, int]:
    rows = connection.execute("SELECT result, system, entity, place, count FROM totals")
    return {(result, system, entity, place): count for result, system, entity, place, count in rows}


def _of_window(connection: Connection[Any], window: Window) -> dict[Kind, int]:
    found: dict[Kind, int] = {}
    for result, system, entity, topic, count in connection.execute(_WINDOW, window._asdict()):
        kind = (result, system, entity, topic if topic == "field" else topics.place(topic).kind)
        found[kind] = found.get(kind, 0) + count
    return found


def _reading(connection: Connection[Any]) -> tuple[int, int]:
    found = connection.execute("SELECT horizon, next_offset FROM positions WHERE topic = %s", [topics.OUTCOMES])
    row = found.fetchone()
    return (0, 0) if row is None else (row[0], row[1])
