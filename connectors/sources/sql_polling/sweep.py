"""The sweep: all primary keys, with their cursors, against the rows known. It finds what rounds cannot see.

That is deletions, and whatever a round missed: a cursor that went back, was NULL, or committed later than was declared.
"""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa

from connectors.sources.sql_polling import plain, queries
from connectors.sources.sql_polling.store import Known, Store
from connectors.sources.sql_polling.tables import Found, Table, name_of


class Swept(NamedTuple):
    """What one step found: rows that are there and may be news, and known rows that are there no more."""

    table: Table
    rows: list[Found]
    gone: list[Known]


def sweep(connection: sa.Connection, store: Store, tables: Sequence[Table]) -> Iterator[Swept]:
    """One step of each yield. What a step found must be in the store before the next. Raises sa's errors."""
    for table in tables:
        store.begin_meeting()
        yield from _meet(connection, store, table)
        yield from _miss(connection, store, table)


def _meet(connection: sa.Connection, store: Store, table: Table) -> Iterator[Swept]:
    after: list[Any] | None = None
    while True:
        chunk = queries.chunk_of_keys(connection, table, after=after)
        listed = [(name_of(key), plain.dumps(key), plain.dumps(cursor)) for key, cursor in chunk]
        news = [plain.loads(key) for key in store.meet(table.resource, listed)]
        yield Swept(table, queries.rows_of(connection, table, news), [])
        if len(chunk) < queries.CHUNK:
            return
        after = chunk[-1][0]


def _miss(connection: sa.Connection, store: Store, table: Table) -> Iterator[Swept]:
    """A row that came, or came back, behind the sweep was not met either: so each is asked for by its key first."""
    while missed := store.missed(table.resource, queries.PAGE):
        rows = queries.rows_of(connection, table, [plain.loads(known.key) for known in missed])
        present = {found.name for found in rows}
        store.meet(table.resource, [(found.name, plain.dumps(found.key), plain.dumps(found.cursor)) for found in rows])
        yield Swept(table, rows, [known for known in missed if known.name not in present])
