"""What the feed has read, into the store: rows, sums and Kafka positions in one transaction: each counts once."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import psycopg
from psycopg import Connection

from console.errors import ConsoleError
from console.reading import Place
from console.store.database import unavailable
from console.store.inserting import (
    columns,
    copy_ranges,
    copy_stretches,
    insert_captures,
    insert_exceptions,
    insert_letters,
    overlapping,
)
from console.store.repeats import Frontiers, uncovered
from console.store.sorting import Sorted, is_end, sort
from console.store.stretches import Stretch
from schemas import topics
from schemas.records import DeadLetter, Outcome


class Overtaken(ConsoleError):  # noqa: N818 - reads as what happened
    """Another process feeds the same store."""


@dataclass(slots=True)
class Fed:
    """What was read since the last time. `ends`: by place, the position before and the position now."""

    outcomes: list[Outcome] = field(default_factory=list)
    letters: list[DeadLetter] = field(default_factory=list)
    standing: dict[Place, list[Stretch]] = field(default_factory=dict)
    ends: dict[Place, tuple[int, int]] = field(default_factory=dict)


@dataclass(slots=True)
class _Sums:
    """What is added to the totals and the accounts."""

    totals: Counter[tuple[str, str, str, str]] = field(default_factory=Counter)
    due: Counter[Place] = field(default_factory=Counter)
    ended: Counter[Place] = field(default_factory=Counter)
    next_offsets: dict[Place, int] = field(default_factory=dict)

    def count(self, outcome: Outcome, since: Mapping[Place, int]) -> None:
        place = (outcome["topic"], outcome["partition"])
        kind = topics.place(outcome["topic"]).kind
        self.totals[outcome["result"], outcome["system"], outcome["entity"], kind] += outcome["count"]
        if is_end(outcome["result"], outcome["topic"]) and outcome["first"] >= since.get(place, 0):
            self.ended[place] += outcome["count"]
            self.next_offsets[place] = max(self.next_offsets.get(place, 0), outcome["last"] + 1)


class Keeper:
    """One session of the feed. Every method raises StoreUnavailable; after that, make another."""

    def __init__(self, connection: Connection[Any]) -> None:
        self._connection = connection
        self._frontiers = Frontiers.read(connection)
        self._since: dict[Place, int] = {
            (topic, partition): since
            for topic, partition, since in connection.execute("SELECT topic, partition, since FROM accounts")
        }

    def suspects(self, outcomes: Iterable[Outcome]) -> bool:
        """Whether any of these has been said before, or is of a topic that is another one by now."""
        return any(self._frontiers.reaches(outcome) for outcome in outcomes if outcome["topic"])

    def keep(self, fed: Fed) -> None:
        """All of it, or nothing. Raises Overtaken where somebody else has kept any of it."""
        frontiers = self._frontiers.copy()
        found = sort(fed.outcomes, is_known=frontiers.reaches)
        try:
            with self._connection.transaction():
                _move(self._connection, fed.ends)
                sums = _Sums()
                self._keep_ranges(found, frontiers, sums)
                self._keep_singles(found, sums)
                self._keep_standing(fed.standing, sums)
                insert_letters(self._connection, fed.letters)
                _add(self._connection, sums)
                frontiers.save(self._connection)
        except psycopg.Error as error:
            raise unavailable("keeping outcomes in the store", error) from error
        self._frontiers = frontiers

    def _keep_ranges(self, found: Sorted, frontiers: Frontiers, sums: _Sums) -> None:
        kept: list[Outcome] = []
        for outcome in found.ranges:
            if frontiers.reaches(outcome):
                copy_ranges(self._connection, kept)
                kept = []
                outcome["count"] = uncovered(outcome, overlapping(self._connection, outcome))
                if not outcome["count"]:
                    continue
            frontiers.take(outcome)
            kept.append(outcome)
            sums.count(outcome, self._since)
        copy_ranges(self._connection, kept)

    def _keep_singles(self, found: Sorted, sums: _Sums) -> None:
        for identity in insert_exceptions(self._connection, found):
            outcome = found.exceptions[identity]
            if outcome["field"] is None:
                sums.count(outcome, self._since)
            else:
                # A field that waits for a person: its record has an end of its own.
                sums.totals["held", outcome["system"], outcome["entity"], "field"] += outcome["count"]
        for identity in insert_captures(self._connection, found):
            sums.count(found.captures[identity], self._since)

    def _keep_standing(self, standing: Mapping[Place, list[Stretch]], sums: _Sums) -> None:
        copy_stretches(self._connection, standing)
        for place, each in standing.items():
            sums.due[place] += sum(stretch.count for stretch in each)


def _move(connection: Connection[Any], ends: Mapping[Place, tuple[int, int]]) -> None:
    moved = [(*place, before, after) for place, (before, after) in ends.items()]
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE positions p SET next_offset = n.after "
            "FROM unnest(%s::text[], %s::int[], %s::bigint[], %s::bigint[]) AS n (topic, partition, before, after) "
            "WHERE p.topic = n.topic AND p.partition = n.partition AND p.next_offset = n.before",
            columns(moved, 4),
        )
        if cursor.rowcount != len(moved):
            raise Overtaken(
                "keeping outcomes in the store: another process feeds it, too; run one `python -m console.run_store` a "
                "store"
            )


def _add(connection: Connection[Any], sums: _Sums) -> None:
    connection.execute(
        "INSERT INTO totals SELECT * FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::bigint[]) "
        "ON CONFLICT (result, system, entity, place) DO UPDATE SET count = totals.count + excluded.count",
        columns([(*key, count) for key, count in sums.totals.items()], 5),
    )
    places = {*sums.due, *sums.ended}
    rows = [(*place, sums.due[place], sums.ended[place], sums.next_offsets.get(place, 0)) for place in places]
    connection.execute(
        "UPDATE accounts a SET due = a.due + n.due, ended = a.ended + n.ended, "
        "next_offset = greatest(a.next_offset, n.next_offset) "
        "FROM unnest(%s::text[], %s::int[], %s::bigint[], %s::bigint[], %s::bigint[]) "
        "AS n (topic, partition, due, ended, next_offset) WHERE a.topic = n.topic AND a.partition = n.partition",
        columns(rows, 5),
    )
