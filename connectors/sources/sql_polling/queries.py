"""What is asked of a polled table. Pages go on behind the last row read, so that no offset is counted twice."""

from collections.abc import Sequence
from typing import Any, Final

import sqlalchemy as sa

from connectors.sources.sql_polling.columns import Column
from connectors.sources.sql_polling.tables import Found, Table

#: Rows of a page, keys of a chunk, rows that are asked for by their keys at once.
PAGE: Final = 1000
CHUNK: Final = 5000
AT_ONCE: Final = 200

Conditions = list[sa.ColumnElement[bool]]


def page_of_changes(connection: sa.Connection, table: Table, *, since: Any, after: Found | None) -> list[Found]:
    """The next rows in the order of (cursor, key): behind `after`, else from `since` on; both None: from the start."""
    order = [table.cursor, *table.key]
    if after is not None:
        conditions = _behind(order, [after.cursor, *after.key])
    elif since is not None:
        conditions = [_bare(table.cursor) >= _bound(since)]
    else:
        conditions = [_bare(table.cursor).is_not(None)]
    return _rows(connection, table, _select(table, conditions).order_by(*map(_bare, order)).limit(PAGE))


def page_by_key(
    connection: sa.Connection, table: Table, *, after: Sequence[Any] | None, limit: int = PAGE
) -> list[Found]:
    """The next rows in the order of the primary key."""
    conditions = _behind(table.key, after) if after is not None else []
    return _rows(connection, table, _select(table, conditions).order_by(*map(_bare, table.key)).limit(limit))


def rows_of(connection: sa.Connection, table: Table, keys: Sequence[Sequence[Any]]) -> list[Found]:
    """Those of these rows that are there, by their cursors: what was written later is told later."""
    pieces = (keys[start : start + AT_ONCE] for start in range(0, len(keys), AT_ONCE))
    rows = [found for piece in pieces for found in _some_rows_of(connection, table, piece)]
    return sorted(rows, key=lambda found: (found.cursor is None, found.cursor))


def _some_rows_of(connection: sa.Connection, table: Table, keys: Sequence[Sequence[Any]]) -> list[Found]:
    if len(table.key) == 1:
        condition = sa.or_(*(_bare(table.key[0]) == _bound(key[0]) for key in keys))
    else:
        condition = sa.or_(*(_equal(table.key, key) for key in keys))
    return _rows(connection, table, _select(table, [condition]))


def chunk_of_keys(
    connection: sa.Connection, table: Table, *, after: Sequence[Any] | None
) -> list[tuple[list[Any], Any]]:
    """The next primary keys, in their order, each with its row's cursor."""
    conditions = _behind(table.key, after) if after is not None else []
    wanted = [part.label(f"c{place}") for place, part in enumerate([*table.keys(), table.cursor_read()])]
    query = sa.select(*wanted).select_from(table.clause).where(*conditions).order_by(*map(_bare, table.key))
    return [(list(cells[:-1]), cells[-1]) for cells in connection.execute(query.limit(CHUNK))]


def newest_cursor(connection: sa.Connection, table: Table) -> Any:
    """The highest cursor now; None in an empty table."""
    bare = _bare(table.cursor)
    query = sa.select(table.cursor_read()).select_from(table.clause).where(bare.is_not(None))
    return connection.execute(query.order_by(bare.desc()).limit(1)).scalar()


def some_rows(connection: sa.Connection, table: Table, limit: int) -> list[Found]:
    """Any rows."""
    return _rows(connection, table, _select(table, []).limit(limit))


def _select(table: Table, conditions: Conditions) -> sa.Select[Any]:
    return sa.select(*table.asked()).select_from(table.clause).where(*conditions)


def _rows(connection: sa.Connection, table: Table, query: sa.Select[Any]) -> list[Found]:
    return [table.read(cells) for cells in connection.execute(query)]


def _behind(columns: Sequence[Column], values: Sequence[Any]) -> Conditions:
    """Greater as a tuple. The first condition says nothing new, but an index can be used for it."""
    first = _bare(columns[0]) >= _bound(values[0])
    alternatives = [
        sa.and_(*_equals(columns[:place], values), _bare(columns[place]) > _bound(values[place]))
        for place in range(len(columns))
    ]
    return [first, sa.or_(*alternatives)]


def _equals(columns: Sequence[Column], values: Sequence[Any]) -> Conditions:
    return [_bare(column) == _bound(value) for column, value in zip(columns, values, strict=False)]


def _equal(columns: Sequence[Column], values: Sequence[Any]) -> sa.ColumnElement[bool]:
    return sa.and_(*_equals(columns, values))


def _bare(column: Column) -> sa.ColumnElement[Any]:
    return sa.column(column.name)


def _bound(value: Any) -> sa.BindParameter[Any]:
    """Untyped: the database takes it for what the column is that it is compared with."""
    return sa.bindparam("value", value, type_=sa.types.NullType(), unique=True)
