"""Deliveries that a subscriber never read because a later state of the same record has replaced them in Kafka.

A delivery topic is compacted: of a subscriber that was away for long, only the last state of each record waits. What
has gone is told from what was lost by looking: the last state of a record always stands in the topic, so whatever still
stands there, behind the subscriber's back and without an end, was passed over.
"""

from bisect import bisect_right
from collections.abc import Sequence
from typing import Any

import psycopg
import structlog
from psycopg import Connection

from console.reading import Place, Reader
from console.store.balance import Account
from console.store.database import unavailable
from console.store.sorting import ENDS
from schemas import topics

_log = structlog.get_logger(__name__)


def settle(connection: Connection[Any], reader: Reader, account: Account) -> int:
    """Looks closely at an account of deliveries whose records are fewer than they should be; returns how many were
    passed over. The others are from now on known to be superseded. Raises StoreUnavailable, Unanswered."""
    kind = topics.place(account.place[0]).kind
    if kind != "to" or account.imbalance <= 0:
        return account.imbalance
    standing = _standing(reader, account)
    try:
        passed = passed_over(standing, _ended(connection, account))
        overtaken = account.imbalance - len(passed)
        if overtaken > 0:
            _note(connection, account, overtaken, settled=passed[0] if passed else account.next_offset)
    except psycopg.Error as error:
        raise unavailable(f"settling the account of {account.place[0]}", error) from error
    if passed:
        _log.error("deliveries were passed over", topic=account.place[0], records=len(passed), first=passed[0])
    return len(passed)


def passed_over(standing: Sequence[int], ended: Sequence[tuple[int, int]]) -> list[int]:
    """The offsets that stand in none of the ranges `ended`, from first to last, which are in order."""
    begins = [first for first, _ in ended]
    reach: list[int] = []
    for _, last in ended:
        reach.append(max(last, reach[-1] if reach else last))
    places = ((offset, bisect_right(begins, offset) - 1) for offset in standing)
    return [offset for offset, place in places if place < 0 or reach[place] < offset]


def _standing(reader: Reader, account: Account) -> list[int]:
    place: Place = account.place
    found = []
    for record in reader.to_the_end({place: account.settled}):
        if record.offset >= account.next_offset:
            break
        if record.value is not None:
            found.append(record.offset)
    return found


def _ended(connection: Connection[Any], account: Account) -> list[tuple[int, int]]:
    given = {"topic": account.place[0], "partition": account.place[1], "after": account.settled}
    rows = connection.execute(
        "SELECT first, last FROM ranges WHERE topic = %(topic)s AND partition = %(partition)s AND last >= %(after)s "
        'AND result = ANY(%(ends)s) UNION ALL SELECT "offset", "offset" FROM exceptions WHERE topic = %(topic)s '
        'AND partition = %(partition)s AND "offset" >= %(after)s AND field IS NULL ORDER BY 1',
        given | {"ends": list(ENDS["to"])},
    )
    return [(first, last) for first, last in rows]


def _note(connection: Connection[Any], account: Account, overtaken: int, *, settled: int) -> None:
    """Unless it has moved on meanwhile: then it is looked at again."""
    connection.execute(
        "UPDATE accounts SET superseded = superseded + %s, settled = %s WHERE topic = %s AND partition = %s "
        "AND due = %s AND ended = %s AND superseded = %s",
        [overtaken, settled, *account.place, account.due, account.ended, account.superseded],
    )
