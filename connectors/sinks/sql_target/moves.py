"""Which keys were left, and which renames have reached, kept in the target.

Why: see `connectors.lateness` and `connectors.sinks.postgres_target.departures`.
"""

import time
from collections.abc import Mapping, Sequence
from typing import Final

import sqlalchemy as sa

from connectors.lateness import Moment, key_text, moment
from connectors.sinks.sql_target.chunks import chunks
from connectors.sinks.sql_target.position import TABLES
from connectors.values import Write


def _moments(name: str, comment: str) -> sa.Table:
    return sa.Table(
        name,
        TABLES,
        sa.Column("target", sa.String(128), primary_key=True),
        sa.Column("record", sa.String(512), primary_key=True),
        sa.Column("source", sa.String(512), nullable=False),
        sa.Column("epoch", sa.BigInteger, nullable=False),
        sa.Column("place", sa.BigInteger, nullable=False),
        sa.Column("ordinal", sa.BigInteger, nullable=False),
        sa.Column("noted", sa.BigInteger, nullable=False),
        comment=comment,
    )


DEPARTED: Final = _moments("lienthong_departed", "Liên thông: keys that records have left lately; do not edit.")
ARRIVED: Final = _moments(
    "lienthong_arrived", "Liên thông: keys that a rename has reached, whose own state is still to come; do not edit."
)

#: Longer than raw events are kept: no rename can be later than that.
_KEPT_SECONDS: Final = 8 * 24 * 3600


def arrivals(connection: sa.Connection, target: str) -> dict[str, Moment]:
    """By key."""
    return _read(connection, ARRIVED, sa.and_(ARRIVED.c.target == target))


def change_arrivals(
    connection: sa.Connection, target: str, *, before: Mapping[str, Moment], after: Mapping[str, Moment]
) -> None:
    """Inside the caller's transaction; nothing at all where nothing has changed, which is nearly always."""
    _forget(connection, ARRIVED, target, [key for key, at in before.items() if after.get(key) != at])
    _note(connection, ARRIVED, target, {key: at for key, at in after.items() if before.get(key) != at})


def is_late(connection: sa.Connection, target: str, rename: Write) -> bool:
    """Whether its new key was left later than this rename.

    Moments of two sources do not compare: then it counts as later, for the new key's full state follows in any case.
    """
    key, left = key_text(rename.moved_to or {}), moment(rename)
    gone = _read(connection, DEPARTED, sa.and_(DEPARTED.c.target == target, DEPARTED.c.record == key)).get(key)
    return gone is not None and (gone.source != left.source or left.is_before(gone))


def note_departures(connection: sa.Connection, target: str, left: Sequence[Write]) -> None:
    """These writes, deletes and renames, leave their keys. Inside the caller's transaction."""
    new = {key_text(write.key): moment(write) for write in left}
    known: dict[str, Moment] = {}
    for keys in chunks(new):
        known |= _read(connection, DEPARTED, sa.and_(DEPARTED.c.target == target, DEPARTED.c.record.in_(keys)))
    later = {key: at for key, at in new.items() if key not in known or not at.is_before(known[key])}
    _forget(connection, DEPARTED, target, [key for key in later if key in known])
    _note(connection, DEPARTED, target, later)


def forget_old(connection: sa.Connection) -> None:
    """Whatever is too old to matter."""
    connection.execute(sa.delete(DEPARTED).where(DEPARTED.c.noted < int(time.time()) - _KEPT_SECONDS))


def _read(connection: sa.Connection, table: sa.Table, condition: sa.ColumnElement[bool]) -> dict[str, Moment]:
    of = table.c
    found = connection.execute(sa.select(of.record, of.source, of.epoch, of.place, of.ordinal).where(condition))
    return {key: Moment(source, epoch, place, ordinal) for key, source, epoch, place, ordinal in found}


def _forget(connection: sa.Connection, table: sa.Table, target: str, keys: Sequence[str]) -> None:
    for some in chunks(keys):
        connection.execute(sa.delete(table).where(table.c.target == target, table.c.record.in_(some)))


def _note(connection: sa.Connection, table: sa.Table, target: str, moments: Mapping[str, Moment]) -> None:
    if not moments:
        return
    now = int(time.time())
    rows = [
        {"record": key, "source": at.source, "epoch": at.epoch, "place": at.commit, "ordinal": at.ordinal}
        for key, at in moments.items()
    ]
    connection.execute(sa.insert(table), [{**row, "target": target, "noted": now} for row in rows])
