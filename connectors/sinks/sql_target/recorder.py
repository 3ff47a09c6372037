"""Notes what a write does to the rows of a table that the same system publishes, see `written`."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa

from connectors.sinks.sql_target import written
from connectors.sinks.sql_target.chunks import chunks
from connectors.sinks.sql_target.structure import Table
from connectors.sinks.sql_target.written import Note
from connectors.sources.sql_polling import plain, session, tables
from connectors.values import Writes
from schemas.manifest import Manifest, Subscription


class Recorder:
    """Works in the caller's transaction. Keys are as the driver takes them. Methods raise sa's errors."""

    def __init__(self, connection: sa.Connection, published: tables.Table, subscription: Subscription) -> None:
        self._connection = connection
        self._published = published
        self._target = subscription.into
        self._key = subscription.key.column
        self._field = published.field(self._key)
        self._wrote: dict[Any, None] = {}
        self._removed: dict[str, None] = {}
        self._before: dict[str, str] = {}

    def begin(self) -> None:
        """Nothing has been written so far."""
        self._wrote.clear()
        self._removed.clear()
        self._before.clear()

    def about_to_change(self, table: Table, keys: Collection[Any]) -> None:
        """Rows with these keys are going to be written over."""
        self._before = {**self._rows(table, keys), **self._before}

    def wrote(self, keys: Collection[Any]) -> None:
        """Rows with these keys have been added or changed."""
        self._wrote.update(dict.fromkeys(keys))

    def removed(self, keys: Collection[Any]) -> None:
        """No rows with these keys are left by us."""
        for key in keys:
            self._wrote.pop(key, None)
            self._removed[str(key)] = None

    def keep(self, writes: Writes, table: Table) -> None:
        """What the write leaves, as it is now: triggers have run, and what was too long has been cut off."""
        number = written.advance(self._connection, writes)
        after = self._rows(table, self._wrote)
        notes = (
            (record, Note(number, record in self._removed, self._before.get(record), after.get(record)))
            for record in dict.fromkeys([*after, *self._removed])
        )
        written.note(self._connection, self._target, notes)
        written.forget_old(self._connection, writes.stream.topic, self._target, number)

    def _rows(self, table: Table, keys: Collection[Any]) -> dict[str, str]:
        if not keys:
            return {}
        found: dict[str, str] = {}
        with _read_plainly(self._connection):
            for some in chunks(keys):
                query = sa.select(*self._published.asked()).select_from(table.clause)
                for cells in self._connection.execute(query.where(table.column(self._key).in_(some))):
                    row = self._published.read(cells).row
                    found[str(row[self._field])] = plain.dumps(row)
        return found


@contextmanager
def _read_plainly(connection: sa.Connection) -> Iterator[None]:
    """What is read inside has the form in which the source reads it; what is written afterwards is taken as before."""
    with connection.begin_nested() as looking:
        session.read_plainly(connection)
        yield
        looking.rollback()


def recorder(connection: sa.Connection, manifest: Manifest, entity: str) -> Recorder | None:
    """None where nobody reads it: the table is not published, or another entity is written into it, too."""
    subscription = manifest.subscribes[entity]
    published = tables.published_by(connection, manifest).get(subscription.into)
    if published is None or tables.written_by(manifest, published) is None:
        return None
    return Recorder(connection, published, subscription)
