"""Says which column of a refused row is to blame, and why, without ever repeating a value."""

from typing import Any

import psycopg
from psycopg import Connection, sql

from connectors import sqlstates
from connectors.sinks.postgres_target.refusals import Refused
from connectors.sinks.postgres_target.structure import Column, Table
from connectors.values import Rejected, Write
from schemas.records import Row

#: Also what a domain's check is called, which belongs to a column.
_CHECK_VIOLATION = "23514"

_Blame = tuple[str, str | None, str]


def explain(connection: Connection[Any], table: Table, write: Write, refused: Refused, *, place: int) -> Rejected:
    """The rejection of a write that was tried alone."""
    row = {**write.values, **write.key, **(write.moved_to or {})}
    reason, column, told = (
        _nul(table, row)
        or _too_long(table, row, refused)
        or _uncastable(connection, table, row, refused)
        or _constraint(table, refused)
    )
    return Rejected(place, reason, told, column)


def _nul(table: Table, row: Row) -> _Blame | None:
    for name, value in row.items():
        if isinstance(value, str) and "\0" in value:
            told = f"column {name} of {table.name}: PostgreSQL stores no NUL character; remove it at its source"
            return sqlstates.NUL_IN_TEXT, name, told
    return None


def _too_long(table: Table, row: Row, refused: Refused) -> _Blame | None:
    if refused.reason != sqlstates.VALUE_TOO_LONG:
        return None
    for name, value in row.items():
        limit = table.columns[name].limit
        if limit is not None and isinstance(value, str) and len(value) > limit:
            told = (
                f"column {name} of {table.name} holds at most {limit} characters and this value has {len(value)}; "
                "widen the column, or shorten the value at its source"
            )
            return sqlstates.VALUE_TOO_LONG, name, told
    return None


def _uncastable(connection: Connection[Any], table: Table, row: Row, refused: Refused) -> _Blame | None:
    if refused.state[:2] not in ("22", "") and refused.state != _CHECK_VIOLATION:
        return None
    for name, value in row.items():
        column = table.columns[name]
        if value is not None and not _fits(connection, column, value):
            told = (
                f"column {name} of {table.name} is {column.declared} and does not take this value; "
                "correct the value at its source, or `format` or `codes` in the manifest"
            )
            return refused.reason, name, told
    return None


def _fits(connection: Connection[Any], column: Column, value: Any) -> bool:
    cast = sql.SQL("SELECT (%s::text)::{}").format(sql.SQL(column.declared))
    try:
        with connection.transaction():
            connection.execute(cast, [value if isinstance(value, str) else str(value)])
    except (psycopg.DataError, psycopg.IntegrityError, UnicodeEncodeError):
        return False
    return True


def _constraint(table: Table, refused: Refused) -> _Blame:
    if refused.reason == sqlstates.NOT_NULL and refused.column:
        told = f"column {refused.column} of {table.name} must have a value; map it, or give it a default"
        return refused.reason, refused.column, told
    if refused.constraint:
        told = f"constraint {refused.constraint} of {table.name} does not hold; correct the value at its source"
        return refused.reason, refused.column, told
    told = f"{table.name} refused the row (SQLSTATE {refused.state}); see the triggers and rules of the table"
    return refused.reason, refused.column, told
