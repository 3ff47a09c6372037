"""The balance of each partition: what stands there, less what waits, what has met an end, and what was overtaken."""

from collections import Counter
from collections.abc import Iterable
from typing import Any, NamedTuple, TypeAlias

from psycopg import Connection

from console.reading import Place
from schemas import topics

#: System, entity, subscriber: the publisher of a raw topic, or the subscriber of a delivery topic.
Leg: TypeAlias = tuple[str, str, str]

_ACCOUNTS = """
SELECT a.topic, a.partition, a.since, a.due, a.ended, a.superseded, a.settled, a.next_offset,
  (SELECT coalesce(sum(s.last - greatest(s.first, a.next_offset) + 1
          - (SELECT count(*) FROM unnest(s.gaps) AS gap WHERE gap >= a.next_offset)), 0)
   FROM stretches s WHERE s.topic = a.topic AND s.partition = a.partition AND s.last >= a.next_offset)::bigint
FROM accounts a ORDER BY a.topic, a.partition
"""


class Account(NamedTuple):
    """One partition, since the offset `since`. `next_offset`: after the last record that has met an end; `settled`: up
    to there all was in order when last looked at closely. All others are numbers of records.
    """

    place: Place
    since: int
    due: int
    ended: int
    superseded: int
    settled: int
    next_offset: int
    in_flight: int

    @property
    def imbalance(self) -> int:
        """Positive: records are missing. Negative: some have met two ends."""
        return self.due - self.in_flight - self.ended - self.superseded

    @property
    def leg(self) -> Leg:
        """Whose account it is."""
        kind, system, entity = topics.place(self.place[0])
        return (system, entity, "") if kind == "raw" else ("", entity, system)


class Balance(NamedTuple):
    """Of one leg, over its partitions."""

    due: int
    ended: int
    superseded: int
    in_flight: int
    imbalance: int


def accounts(connection: Connection[Any]) -> list[Account]:
    """Of every partition, as it was last fed: figures of one moment."""
    return [Account((row[0], row[1]), *map(int, row[2:])) for row in connection.execute(_ACCOUNTS)]


def balances(found: Iterable[Account]) -> dict[Leg, Balance]:
    """By leg."""
    sums: dict[Leg, Counter[str]] = {}
    for account in found:
        sums.setdefault(account.leg, Counter()).update({name: getattr(account, name) for name in Balance._fields})
    return {leg: Balance(**{name: each[name] for name in Balance._fields}) for leg, each in sums.items()}
