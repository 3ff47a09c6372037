"""The statements of a wave. Rows travel as one JSON text each statement: half the time of arrays, one a column."""

from collections.abc import Iterable, Sequence
from typing import Any

import orjson
from psycopg import Connection, sql

from connectors.lateness import moment
from connectors.sinks.postgres_target import departures
from connectors.sinks.postgres_target.refusals import Refused
from connectors.sinks.postgres_target.structure import Column, Table, quoted
from connectors.sinks.postgres_target.waves import Wave
from connectors.sqlstates import BAD_VALUE
from connectors.values import Write
from schemas.records import Row

# Updates come before inserts: an insert that meets its row burns a number of the sequence and fires the triggers for
# inserts. The insert meets a row all the same when somebody else made it in between. Rows are compared byte by byte:
# `=` does not exist for every type, and may call two spellings equal.
UPSERT = sql.SQL("""
WITH x AS (SELECT {typed} FROM json_to_recordset(%s::json) AS j({texts})),
u AS (UPDATE {table} AS t SET {assignments} FROM x WHERE {same_key}
      AND ROW({held})::record OPERATOR(pg_catalog.*<>) ROW({given})::record)
INSERT INTO {table} AS t ({names}) SELECT {names} FROM x WHERE NOT EXISTS (SELECT FROM {table} AS t WHERE {same_key})
ON CONFLICT ({key}) DO UPDATE SET {excluded} WHERE ROW({held_raw})::record OPERATOR(pg_catalog.*<>) ROW({new})::record
""")

#: Instead of UPSERT where rows are only ever corrected.
CORRECT = sql.SQL("""
WITH x AS (SELECT {typed} FROM json_to_recordset(%s::json) AS j({texts}))
UPDATE {table} AS t SET {assignments} FROM x WHERE {same_key}
AND ROW({held})::record OPERATOR(pg_catalog.*<>) ROW({given})::record
""")

_INSERT = sql.SQL("""
WITH x AS (SELECT {typed} FROM json_to_recordset(%s::json) AS j({texts}))
INSERT INTO {table} AS t ({names}) SELECT {names} FROM x WHERE NOT EXISTS (SELECT FROM {table} AS t WHERE {same_key})
ON CONFLICT ({key}) DO NOTHING
""")

_DELETE = sql.SQL("""
WITH x AS (SELECT {typed} FROM json_to_recordset(%s::json) AS j({texts}))
DELETE FROM {table} AS t USING x WHERE {same_key}
""")

_RENAME = sql.SQL("""
WITH j AS (SELECT * FROM json_to_recordset(%s::json) AS r({texts}, source text, epoch text, commit text, ordinal text)),
x AS (SELECT {typed}, {is_late} AS is_late FROM j),
d AS (DELETE FROM {table} AS t USING x
      WHERE {old_key} AND (x.is_late OR EXISTS (SELECT FROM {table} AS t WHERE {new_key})))
UPDATE {table} AS t SET {assignments} FROM x
WHERE {old_key} AND NOT x.is_late AND NOT EXISTS (SELECT FROM {table} AS t WHERE {new_key})
""")

_SET_CONSTRAINTS = "SET CONSTRAINTS ALL IMMEDIATE"


class Statements:
    """Writes waves into one table by one key."""

    def __init__(
        self, connection: Connection[Any], table: Table, key: Sequence[str], template: sql.SQL = UPSERT
    ) -> None:
        """`template`: UPSERT or CORRECT."""
        self._connection = connection
        self._template = template
        self._table = table
        self._key = tuple(key)
        self._upserts: dict[tuple[str, ...], sql.Composed] = {}
        self._delete = self._composed(_DELETE, self._key)
        self._rename = self._composed_rename()

    def write(self, waves: Iterable[Wave]) -> None:
        """Inside the caller's transaction. Raises psycopg.Error, and Refused where a value cannot even be sent."""
        for wave in waves:
            if wave.deletes:
                self._run(self._delete, list(wave.deletes.values()))
            if wave.renames:
                self._run(self._rename, [self._renamed(write) for write in wave.renames])
            if wave.left:
                departures.note(self._connection, self._table.name, wave.left)
            if wave.upserts:
                rows = list(wave.upserts.values())
                self._run(self._upsert(tuple(rows[0])), rows)
        if self._table.deferrable:
            self._connection.execute(_SET_CONSTRAINTS)

    def _run(self, statement: sql.Composed, rows: list[Row]) -> None:
        try:
            sent = orjson.dumps(rows).decode()
        except orjson.JSONEncodeError:
            raise Refused(BAD_VALUE) from None
        self._connection.execute(statement, [sent])

    def _renamed(self, write: Write) -> Row:
        new = write.moved_to or {}
        keys = {f"old{place}": write.key[name] for place, name in enumerate(self._key)}
        return {**keys, **{f"new{place}": new[name] for place, name in enumerate(self._key)}, **moment(write)._asdict()}

    def _upsert(self, names: tuple[str, ...]) -> sql.Composed:
        statement = self._upserts.get(names)
        if statement is None:
            values = [name for name in names if name not in self._key]
            statement = self._upserts[names] = self._composed(self._template if values else _INSERT, names)
        return statement

    def _composed(self, template: sql.SQL, names: Sequence[str]) -> sql.Composed:
        columns = [self._table.columns[name] for name in names]
        values = [column for column in columns if column.name not in self._key]
        return template.format(
            table=quoted(_escaped(self._table.name)),
            typed=_listed("j.{name}::{cast} AS {name}", columns),
            texts=_listed("{name} text", columns),
            names=_listed("{name}", columns),
            key=_listed("{name}", [self._table.columns[name] for name in self._key]),
            same_key=_all("t.{name} = x.{name}", [self._table.columns[name] for name in self._key]),
            assignments=_listed("{name} = x.{name}", values),
            excluded=_listed("{name} = excluded.{name}", values),
            held=_listed("t.{name}::{compare}", values),
            given=_listed("x.{name}::{compare}", values),
            held_raw=_listed("t.{name}", values),
            new=_listed("excluded.{name}", values),
        )

    def _composed_rename(self) -> sql.Composed:
        key = [self._table.columns[name] for name in self._key]
        return _RENAME.format(
            table=quoted(_escaped(self._table.name)),
            typed=_listed("j.{old}::{cast} AS {old}, j.{new}::{cast} AS {new}", key),
            texts=_listed("{old} text, {new} text", key),
            old_key=_all("t.{name} = x.{old}", key),
            new_key=_all("t.{name} = x.{new}", key),
            assignments=_listed("{name} = x.{new}", key),
            is_late=sql.SQL(departures.IS_LATE).format(target=sql.Literal(_escaped(self._table.name))),
        )


def _escaped(name: str) -> str:
    return name.replace("%", "%%")  # psycopg looks for its placeholders everywhere


def _each(pattern: str, columns: Iterable[Column]) -> list[sql.Composed]:
    return [
        sql.SQL(pattern).format(
            name=sql.Identifier(_escaped(column.name)),
            old=sql.Identifier(f"old{place}"),
            new=sql.Identifier(f"new{place}"),
            cast=sql.SQL(column.cast),
            compare=sql.SQL(column.compare),
        )
        for place, column in enumerate(columns)
    ]


def _listed(pattern: str, columns: Iterable[Column]) -> sql.Composed:
    return sql.SQL(", ").join(_each(pattern, columns))


def _all(pattern: str, columns: Iterable[Column]) -> sql.Composed:
    return sql.SQL(" AND ").join(_each(pattern, columns))
