"""What our deliveries have done to the rows of a table that is also published: a log, kept beside the data.

It is written in the transaction of the data, so that the source of the same system can tell our writes from people's:
see `connectors.sources.sql_polling.own_writes`. Writes are counted: by the count a reader knows which it has seen.
"""

import time
from collections.abc import Iterable
from typing import Final, NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects.mysql import LONGTEXT

from connectors.sinks.sql_target.chunks import chunks
from connectors.sinks.sql_target.position import TABLES
from connectors.values import Stream, Writes

#: Text of any length.
_ROW: Final = sa.Text().with_variant(LONGTEXT(), "mysql", "mariadb")

COUNTED: Final = sa.Table(
    "lienthong_counted",
    TABLES,
    sa.Column("topic", sa.String(249), primary_key=True),
    sa.Column("writes", sa.BigInteger, nullable=False),
    sa.Column("since", sa.BigInteger, nullable=False),
    sa.Column("next_offset", sa.BigInteger, nullable=False),
    comment="Liên thông: how often each delivery topic has been written here; do not edit.",
)
WRITTEN: Final = sa.Table(
    "lienthong_written",
    TABLES,
    sa.Column("target", sa.String(128), primary_key=True),
    sa.Column("record", sa.String(512), primary_key=True),
    sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("removed", sa.Integer, nullable=False),
    sa.Column("before", _ROW),
    sa.Column("after", _ROW),
    sa.Column("noted", sa.BigInteger, nullable=False),
    comment="Liên thông: rows that deliveries have written lately, as they were before and right after; do not edit.",
)

#: Who reads here looks every few seconds; who was away for longer is told that it cannot know.
_KEPT_SECONDS: Final = 8 * 24 * 3600
_FORGET_EVERY: Final = 1_000


class Count(NamedTuple):
    """Writes are numbered from 1 on. Who has not seen those up to `since` cannot know them any more."""

    writes: int
    since: int


class Note(NamedTuple):
    """What one write has done to one record. `before`: the row that was written over; `after`: what was left of it.

    `is_removal`: a row was taken away; where there is an `after`, another has come in its place.
    """

    number: int
    is_removal: bool
    before: str | None
    after: str | None


def begin(connection: sa.Connection, stream: Stream, *, next_offset: int) -> None:
    """A sink opens. Where another version has written meanwhile, and noted nothing, nobody can know what came before.

    Inside the caller's transaction.
    """
    of, found = COUNTED.c.topic == stream.topic, count(connection, stream.topic)
    if found is None:
        first = {"topic": stream.topic, "writes": 1, "since": 1, "next_offset": next_offset}
        connection.execute(sa.insert(COUNTED).values(**first))
    elif connection.execute(sa.select(COUNTED.c.next_offset).where(of)).scalar_one() != next_offset:
        later = {"writes": found.writes + 1, "since": found.writes + 1, "next_offset": next_offset}
        connection.execute(sa.update(COUNTED).where(of).values(**later))


def advance(connection: sa.Connection, writes: Writes) -> int:
    """The number of this write. Inside the caller's transaction, after the position has been locked."""
    of = COUNTED.c.topic == writes.stream.topic
    counted = {"writes": COUNTED.c.writes + 1, "next_offset": writes.next_offset}
    connection.execute(sa.update(COUNTED).where(of).values(**counted))
    return int(connection.execute(sa.select(COUNTED.c.writes).where(of)).scalar_one())


def note(connection: sa.Connection, target: str, notes: Iterable[tuple[str, Note]]) -> None:
    """What a write has done, by record. Inside the caller's transaction."""
    now = int(time.time())
    rows = [
        {
            "target": target,
            "record": record,
            "number": each.number,
            "removed": int(each.is_removal),
            "before": each.before,
            "after": each.after,
            "noted": now,
        }
        for record, each in notes
    ]
    if rows:
        connection.execute(sa.insert(WRITTEN), rows)


def forget_old(connection: sa.Connection, topic: str, target: str, number: int) -> None:
    """Now and then, by the number of the write, what everybody has long seen. Inside the caller's transaction."""
    if number % _FORGET_EVERY:
        return
    old = sa.and_(WRITTEN.c.target == target, WRITTEN.c.noted < int(time.time()) - _KEPT_SECONDS)
    last = connection.execute(sa.select(sa.func.max(WRITTEN.c.number)).where(old)).scalar()
    if last is not None:
        forgotten = sa.update(COUNTED).where(COUNTED.c.topic == topic, COUNTED.c.since < last)
        connection.execute(forgotten.values(since=last))
        connection.execute(sa.delete(WRITTEN).where(old))


def are_there(connection: sa.Connection) -> bool:
    """Whether a sink has ever counted here."""
    inspector = sa.inspect(connection)
    return inspector.has_table(COUNTED.name) and inspector.has_table(WRITTEN.name)


def count(connection: sa.Connection, topic: str) -> Count | None:
    """As it is now; None where nobody has counted."""
    query = sa.select(COUNTED.c.writes, COUNTED.c.since).where(COUNTED.c.topic == topic)
    found = connection.execute(query).one_or_none()
    return Count(*found) if found else None


def notes_of(connection: sa.Connection, target: str, records: Iterable[str]) -> dict[str, list[Note]]:
    """By record, those of late, the oldest first."""
    found: dict[str, list[Note]] = {}
    of = WRITTEN.c
    for some in chunks(records):
        query = sa.select(of.record, of.number, of.removed, of.before, of.after)
        known = query.where(of.target == target, of.record.in_(some)).order_by(of.record, of.number)
        for record, number, removed, before, after in connection.execute(known):
            found.setdefault(record, []).append(Note(number, bool(removed), before, after))
    return found
