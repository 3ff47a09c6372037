"""A source and a target database under load: filled, compared, and told when the last change was applied."""

import random
import time
from collections.abc import Collection, Mapping
from typing import NamedTuple

import psycopg

from tests.bench.load.people import Person, person
from tests.bench.load.tables import COUNTS, Side, digest

#: A look at the target costs it work that it should have for the load: so much longer than the look is the pause.
_REST = 4.0
_INSERTED = ", ".join(Person._fields)


class Applied(NamedTuple):
    """When the first and the last change were applied, in seconds since 1970, and how many rows there are."""

    first: float
    last: float
    rows: int


class Pair:
    """Both databases; `source` and `target` are the tables as the carrier wants them."""

    def __init__(self, source_dsn: str, target_dsn: str, source: Side, target: Side) -> None:
        self.source_dsn, self.target_dsn = source_dsn, target_dsn
        self._source, self._target = source, target

    def lay_out(self, *, rows: int) -> None:
        """Tables anew: the source's filled, the target's empty."""
        chance = random.Random(1)
        with connect(self.source_dsn) as source, connect(self.target_dsn) as target:
            for database, side in ((source, self._source), (target, self._target)):
                database.execute("drop schema public cascade; create schema public")
                database.execute(side.ddl)
            with source.cursor().copy(f"copy public.cong_dan({_INSERTED}) from stdin") as copy:
                for number in range(rows):
                    copy.write_row(person(number, chance))
            for database in (source, target):
                database.execute("vacuum analyze public.cong_dan")
                database.execute("checkpoint")

    def ids(self) -> list[str]:
        """Of everybody in the source."""
        with connect(self.source_dsn) as source:
            rows = source.execute('select so_dinh_danh from public.cong_dan order by so_dinh_danh collate "C"')
            return [str(row[0]) for row in rows]

    def wait_equal(self, *, since: float, seconds: float = 600) -> Applied:
        """Return when the sides are equal in every column. `since`: stamps before this moment do not count.

        The source must be at rest. AssertionError after the deadline.
        """
        with connect(self.source_dsn) as source, connect(self.target_dsn) as target:
            expected, counts = source.execute(digest(self._source.common)).fetchone(), source.execute(COUNTS).fetchone()
            assert expected is not None
            deadline = time.monotonic() + seconds
            while True:
                looked = time.monotonic()
                if target.execute(COUNTS).fetchone() == counts and _digest(target, self._target) == expected:
                    break
                assert looked < deadline, f"never equal: {counts}, {target.execute(COUNTS).fetchone()}"
                time.sleep(max(0.5, _REST * (time.monotonic() - looked)))
            stamps = target.execute(_STAMPS, {"since": since}).fetchone()
            assert stamps is not None
            return Applied(stamps[0], stamps[1], expected[0])

    def waits(self, written: Collection[str], deleted: Mapping[str, float]) -> list[float]:
        """Seconds from write to applied, of rows that were `written` once, and of those `deleted` at a moment."""
        with connect(self.source_dsn) as source, connect(self.target_dsn) as target:
            wrote = _moments(source, "updated_at", written)
            arrived = _moments(target, "applied_at", written)
            gone = _moments(target, "at", deleted, table="cong_dan_del_log")
        return [arrived[one] - wrote[one] for one in written] + [gone[one] - deleted[one] for one in deleted]


_STAMPS = """
select extract(epoch from min(at))::float8, extract(epoch from max(at))::float8 from (
  select applied_at as at from public.cong_dan union all select at from public.cong_dan_del_log) as every
where at >= to_timestamp(%(since)s)"""


def connect(dsn: str) -> psycopg.Connection:
    """A connection that commits each statement."""
    return psycopg.connect(dsn, autocommit=True)


def _digest(target: psycopg.Connection, side: Side) -> tuple[object, ...] | None:
    return target.execute(digest(side.common)).fetchone()


def _moments(
    database: psycopg.Connection, column: str, ids: Collection[str], *, table: str = "cong_dan"
) -> dict[str, float]:
    query = (
        f"select so_dinh_danh, extract(epoch from {column})::float8 from public.{table} where so_dinh_danh = any(%s)"
    )
    return {str(one): float(at) for one, at in database.execute(query, [list(ids)])}
