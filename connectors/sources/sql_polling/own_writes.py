"""Tells our own writes from people's, in a table that the sink of the same system writes: it notes them there.

The sink counts its writes and notes, in the transaction of each, the row as it was before and right after
(`connectors.sinks.sql_target.written`). The store remembers up to which number our writes are in what was said of a
row. So of a row that is another now it is known which of its states since were made by us; all others are people's.

Rows and notes are read one after the other, and we may write in between. A note whose number is no greater than the
count that was read before the row is in the row; for any other the row is read again.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

import sqlalchemy as sa

from connectors.sinks.sql_target import written
from connectors.sinks.sql_target.written import Note
from connectors.sources.sql_polling import changes, plain, queries
from connectors.sources.sql_polling.changes import Since
from connectors.sources.sql_polling.store import Known, Store
from connectors.sources.sql_polling.tables import Found, Table, written_by
from schemas.manifest import Manifest
from schemas.records import Row
from schemas.topics import to

#: A row that we write again each time it is read is left undecided.
_TRIES: Final = 4


class Looked(NamedTuple):
    """`rows`: as they are to be taken, some read again. By name `since`, None where nobody can tell, and `seen`: the
    number up to which our writes are in it.
    """

    rows: list[Found]
    since: dict[str, Since | None]
    seen: dict[str, int]


class OwnWrites:
    """Of one table. Methods raise sa's errors."""

    def __init__(self, connection: sa.Connection, table: Table, *, topic: str, column: str) -> None:
        """`column`: by whose value deliveries find a row."""
        self._connection = connection
        self._table = table
        self._topic = topic
        self._field = table.field(column)
        self._are_there = False
        self._trusted_from = 0

    def count(self) -> int:
        """To be read before the rows; 0 while no sink has begun to count."""
        self._are_there = self._are_there or written.are_there(self._connection)
        found = written.count(self._connection, self._topic) if self._are_there else None
        if found is None:
            return 0
        self._trusted_from = found.since
        return found.writes

    def look(self, changed: Sequence[Found], seen: Mapping[str, int], *, count: int) -> Looked:
        """Rows that are not as they were said. `count`: as it was before they were read. `seen`: see Store.seen."""
        looked = Looked([], {}, {})
        ahead = list(changed)
        for _ in range(_TRIES):
            notes = self._notes(found.row for found in ahead)
            unclear: list[Found] = []
            for found in ahead:
                noted = notes.get(str(found.row[self._field]), [])
                if noted and noted[-1].number > count:
                    unclear.append(found)
                    continue
                looked.rows.append(found)
                looked.since[found.name] = self._since(found.row, noted, seen.get(found.name))
                looked.seen[found.name] = count
            if not unclear:
                return looked
            count = self.count()
            # Those that are gone meanwhile the sweep will miss.
            ahead = queries.rows_of(self._connection, self._table, [found.key for found in unclear])
        looked.rows.extend(ahead)
        return looked

    def taken(self, gone: Sequence[Known], seen: Mapping[str, int]) -> dict[str, bool]:
        """By name, whether we took these rows away; those of which nobody knows are missing."""
        known = [row for row in gone if self._field in row.brief and seen.get(row.name, 0) >= self._trusted_from > 0]
        notes = self._notes(row.brief for row in known)
        found = {row.name: notes.get(str(row.brief[self._field]), []) for row in known}
        return {name: any(each.is_removal and each.number > seen[name] for each in of) for name, of in found.items()}

    def _since(self, row: Row, noted: Sequence[Note], seen: int | None) -> Since | None:
        if seen is None or seen < self._trusted_from:
            return None
        news = [each for each in noted if each.number > seen and each.after is not None]
        found = [(_row(each.before), plain.loads(str(each.after))) for each in news]
        # Of a table that has been altered since, the sink will note what it has now once it opens again.
        return found if all(after.keys() == row.keys() for _, after in found) else None

    def _notes(self, rows: Iterable[Mapping[str, Any]]) -> dict[str, list[Note]]:
        return written.notes_of(self._connection, self._table.resource, {str(row[self._field]) for row in rows})


def _row(text: str | None) -> Row | None:
    found: Row | None = plain.loads(text) if text is not None else None
    return found


class Authors:
    """Who has changed the rows of each table. Methods raise sa's errors."""

    def __init__(self, connection: sa.Connection, store: Store, manifest: Manifest, tables: Iterable[Table]) -> None:
        self._store = store
        found = {table.resource: _own_writes(connection, table, manifest) for table in tables}
        self._own = {resource: own for resource, own in found.items() if own is not None}

    def count(self, table: Table) -> int:
        """Of our own writes into the table, so far: to be read before its rows. 0 where nobody counts."""
        own = self._own.get(table.resource)
        count = own.count() if own is not None else 0
        if 0 < count < self._store.swept(table.resource):
            # The database was restored from a copy: the numbers come a second time.
            with self._store.writing():
                self._store.forget_seen(table.resource)
        return count

    def look(self, table: Table, rows: list[Found], known: Mapping[str, Known], *, count: int) -> Looked:
        """Who has changed the rows that are not as they are known."""
        differing = changes.differing(rows, known) if count else []
        if not differing:
            return Looked(rows, {}, {})
        names = {found.name for found in differing}
        looked = self._own[table.resource].look(differing, self._store.seen(table.resource, [*names]), count=count)
        return looked._replace(rows=[*(found for found in rows if found.name not in names), *looked.rows])

    def taken(self, table: Table, gone: Sequence[Known]) -> dict[str, bool]:
        """By name, whether we took these rows away; those of which nobody knows are missing."""
        own = self._own.get(table.resource)
        if own is None or not gone:
            return {}
        return own.taken(gone, self._store.seen(table.resource, [known.name for known in gone]))


def _own_writes(connection: sa.Connection, table: Table, manifest: Manifest) -> OwnWrites | None:
    """None where nobody notes what is written into the table."""
    written_into = written_by(manifest, table)
    if written_into is None:
        return None
    entity, column = written_into
    return OwnWrites(connection, table, topic=to(manifest.system, entity), column=column)
