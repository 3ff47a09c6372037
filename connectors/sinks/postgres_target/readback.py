"""Reads a PostgreSQL target back: where it is not as it should be, as the database itself compares values."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from itertools import compress, islice
from typing import Any, Final, NamedTuple

import orjson
import psycopg
from psycopg import Connection, sql

from connectors.sinks.postgres_target import position, session
from connectors.sinks.postgres_target.checksums import Sums, shown_by, sums_of, sums_query
from connectors.sinks.postgres_target.refusals import Refused, translated
from connectors.sinks.postgres_target.structure import Column, Table, table_to_write
from connectors.sqlstates import BAD_VALUE
from connectors.values import Cell, Difference, Expected, Stream
from schemas.manifest import Subscription

#: So few are compared without asking for checksums first.
_FEW: Final = 4_000
_AT_ONCE: Final = 1_000

_POSITION = """
SELECT next_offset FROM lienthong.position WHERE topic = %s AND "partition" = %s AND topic_id = %s
"""
_HAS_POSITION = "SELECT to_regclass('lienthong.position') IS NOT NULL"

_KEYS = sql.SQL("SELECT t.{key}::text FROM {table} AS t WHERE t.{key} IS NOT NULL")

# As statements.UPSERT compares: byte by byte, each side as what the column makes of it.
_COMPARE = sql.SQL("""
WITH x AS (SELECT j.place, j.present, {typed} FROM json_to_recordset(%s::json) AS j(place int, present bool, {texts}))
SELECT x.place, t.{key} IS NOT NULL, {cells}
FROM x LEFT JOIN {table} AS t ON t.{key} = x.c0
WHERE CASE WHEN x.present THEN t.{key} IS NULL OR ROW({held})::record OPERATOR(pg_catalog.*<>) ROW({given})::record
      ELSE t.{key} IS NOT NULL END
""")
_CELL = """CASE WHEN ROW(t.{name}::{compare})::record OPERATOR(pg_catalog.*<>) ROW(x.{short}::{compare})::record
 THEN ARRAY[x.{short}::{compare}::text, t.{name}::text] END"""


class _Asked(NamedTuple):
    """`columns`: the key and then those that are written. `sums`: where the database was asked for them."""

    table: Table
    columns: list[Column]
    sums: Future[Sums] | None


class PostgresReadback:
    """See `connectors.contract.Readable`. It reads by statements of their own and changes nothing."""

    def __init__(self, system: str, dsn: str, subscriptions: Mapping[str, Subscription]) -> None:
        """Raises SinkUnavailable."""
        self._subscriptions = subscriptions
        self._connection: Connection[Any] = session.connect(dsn, system)
        #: The database computes its sums beside us.
        self._beside = ThreadPoolExecutor(1)
        self._prepared: dict[str, _Asked] = {}
        with translated(f"preparing to read {system} back"):
            for name, value in (("default_transaction_read_only", "on"), ("datestyle", "ISO, DMY")):
                self._connection.execute("SELECT set_config(%s, %s, false)", [name, value])

    def position(self, stream: Stream) -> int:
        """See Readable."""
        with translated(f"asking how far {stream.topic} is written"):
            position.refuse_newer(self._connection)
            if self._connection.execute(_HAS_POSITION).fetchone() != (True,):
                return -1
            place = [stream.topic, stream.partition, stream.topic_id]
            found = self._connection.execute(_POSITION, place).fetchone()
        return -1 if found is None else int(found[0])

    def prepare(self, entity: str) -> None:
        """See Readable. The database begins with its checksums."""
        with translated(f"reading {self._subscriptions[entity].into} back"):
            self._prepared[entity] = self._ask(entity, for_sums=True)

    def differences(self, entity: str, expected: Collection[Expected]) -> list[Difference]:
        """See Readable. Of many rows only the buckets travel whose checksums differ, or differed when prepared."""
        with translated(f"reading {self._subscriptions[entity].into} back"):
            asked = self._prepared.pop(entity, None) or self._ask(entity, for_sums=len(expected) > _FEW)
            suspects = expected if asked.sums is None else _suspects(expected, asked.columns, asked.sums)
            comparison = _Comparison(self._connection, asked.table, asked.columns)
            return [found for some in _parts(suspects) for found in comparison.of(some)]

    def strangers(self, entity: str, known: Iterable[str]) -> list[str]:
        """See Readable. The keys alone travel."""
        subscription = self._subscriptions[entity]
        with translated(f"reading the keys of {subscription.into}"):
            table = table_to_write(self._connection, subscription)
            column = table.columns[subscription.key.column]
            shown = set(map(shown_by(column), known))
            query = _KEYS.format(key=sql.Identifier(column.name), table=table.identifier)
            return [key for (key,) in self._connection.cursor().stream(query) if key not in shown]

    def close(self) -> None:
        """See Readable."""
        if not all(asked.sums is None or asked.sums.done() for asked in self._prepared.values()):
            with suppress(psycopg.Error):
                self._connection.cancel_safe()
        self._beside.shutdown()
        self._connection.close()

    def _ask(self, entity: str, *, for_sums: bool) -> _Asked:
        subscription = self._subscriptions[entity]
        table = table_to_write(self._connection, subscription)
        columns = [table.columns[name] for name in (subscription.key.column, *subscription.fields)]
        return _Asked(table, columns, self._beside.submit(self._sums, table, columns) if for_sums else None)

    def _sums(self, table: Table, columns: Sequence[Column]) -> Sums:
        found = self._connection.execute(sums_query(table, columns))
        return {bucket: (rows, int(total)) for bucket, rows, total in found}


def _suspects(expected: Collection[Expected], columns: Sequence[Column], asked: Future[Sums]) -> Iterator[Expected]:
    """Those in whose bucket something differs. Ours are summed while the database sums its own."""
    ours, buckets = sums_of(expected, columns)
    theirs = asked.result()
    differing = {bucket for bucket in ours.keys() | theirs.keys() if ours.get(bucket) != theirs.get(bucket)}
    return compress(expected, map(differing.__contains__, buckets))


class _Comparison:
    """The statement that compares rows of one table; the key is the first column."""

    def __init__(self, connection: Connection[Any], table: Table, columns: Sequence[Column]) -> None:
        self._connection = connection
        self._names = [column.name for column in columns[1:]]
        values = list(enumerate(columns))[1:]
        self._statement = _COMPARE.format(
            typed=_listed("j.{short}::{cast} AS {short}", enumerate(columns)),
            texts=_listed("{short} text", enumerate(columns)),
            key=_identifier(columns[0].name),
            table=sql.SQL(table.identifier.as_string().replace("%", "%%")),
            cells=_listed(_CELL, values),
            held=_listed("t.{name}::{compare}", values),
            given=_listed("x.{short}::{compare}", values),
        )

    def of(self, expected: Sequence[Expected]) -> list[Difference]:
        """Those that differ; what the database cannot even read as a value of its column cannot be what it holds."""
        try:
            with translated("comparing rows"):
                found = self._connection.execute(self._statement, [_sent(expected)]).fetchall()
        except Refused:
            if len(expected) == 1:
                return [Difference(expected[0].key, "different")]
            middle = len(expected) // 2
            return [*self.of(expected[:middle]), *self.of(expected[middle:])]
        return [self._difference(expected[place], is_held, cells) for place, is_held, *cells in found]

    def _difference(self, expected: Expected, is_held: bool, cells: Sequence[Any]) -> Difference:  # noqa: FBT001
        if expected.row is None:
            return Difference(expected.key, "extra")
        if not is_held:
            return Difference(expected.key, "missing")
        differing = [Cell(name, *cell) for name, cell in zip(self._names, cells, strict=True) if cell is not None]
        return Difference(expected.key, "different", tuple(differing))


def _sent(expected: Sequence[Expected]) -> str:
    rows = []
    for place, (key, row) in enumerate(expected):
        values = {f"c{number}": text for number, text in enumerate((key, *(row or ()))) if text is not None}
        rows.append({"place": place, "present": row is not None, **values})
    try:
        return orjson.dumps(rows).decode()
    except orjson.JSONEncodeError:
        raise Refused(BAD_VALUE) from None


def _identifier(name: str) -> sql.SQL:
    return sql.SQL(sql.Identifier(name).as_string().replace("%", "%%"))  # psycopg looks for its placeholders everywhere


def _listed(pattern: str, columns: Iterable[tuple[int, Column]]) -> sql.Composed:
    return sql.SQL(", ").join(
        sql.SQL(pattern).format(
            name=_identifier(column.name),
            short=sql.SQL(f"c{number}"),
            cast=sql.SQL(column.cast),
            compare=sql.SQL(column.compare),
        )
        for number, column in columns
    )


def _parts(expected: Iterable[Expected]) -> Iterator[list[Expected]]:
    rest = iter(expected)
    while some := list(islice(rest, _AT_ONCE)):
        yield some
