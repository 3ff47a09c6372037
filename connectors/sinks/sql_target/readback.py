"""Reads a target back by standard SQL, which has no checksums: the rows of the keys in question are fetched."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from connectors.sinks.sql_target import position, session, values
from connectors.sinks.sql_target.chunks import chunks
from connectors.sinks.sql_target.session import Refused, translated
from connectors.sinks.sql_target.structure import Column, Table, table_to_write
from connectors.values import Cell, Difference, Expected, Stream
from schemas.manifest import Subscription
from schemas.records import Row


class SqlReadback:
    """See `connectors.contract.Readable`. No lock is held between two statements."""

    def __init__(self, system: str, url: str, subscriptions: Mapping[str, Subscription]) -> None:
        """Raises SinkUnavailable."""
        self._subscriptions = subscriptions
        self._connection = session.connect(url, system, begin="BEGIN")

    def position(self, stream: Stream) -> int:
        """See Readable."""
        with translated(f"asking how far {stream.topic} is written"), self._connection.begin():
            position.refuse_newer(self._connection)
            is_there = sa.inspect(self._connection).has_table(position.POSITION.name)
            return position.written_up_to(self._connection, stream) if is_there else -1

    def prepare(self, entity: str) -> None:
        """See Readable. Nothing can be done."""

    def differences(self, entity: str, expected: Collection[Expected]) -> list[Difference]:
        """See Readable."""
        subscription = self._subscriptions[entity]
        doing = f"reading {subscription.into} back"
        with translated(doing), self._connection.begin():
            table = table_to_write(self._connection, subscription)
        comparison = _Comparison(self._connection, table, [subscription.key.column, *subscription.fields])
        found: list[Difference] = []
        for some in chunks(expected):
            with translated(doing), self._connection.begin():
                found += comparison.of(some)
        return found

    def strangers(self, entity: str, known: Iterable[str]) -> list[str]:
        """See Readable."""
        subscription = self._subscriptions[entity]
        with translated(f"reading the keys of {subscription.into}"), self._connection.begin():
            table = table_to_write(self._connection, subscription)
            comparison = _Comparison(self._connection, table, [subscription.key.column])
            return comparison.strangers(known)

    def close(self) -> None:
        """See Readable."""
        session.drop(self._connection)


class _Comparison:
    """Compares rows of one table; the key is the first of `names`."""

    def __init__(self, connection: sa.Connection, table: Table, names: Sequence[str]) -> None:
        self._connection = connection
        self._table = table
        self._key, *self._names = names

    def of(self, expected: Sequence[Expected]) -> list[Difference]:
        """Those that differ."""
        keys = {each.key: self._taken_key(each.key) for each in expected}
        held = self._held([key for key in keys.values() if key is not None])
        found = [self._difference(each, held.get(keys[each.key])) for each in expected]
        return [difference for difference in found if difference is not None]

    def strangers(self, known: Iterable[str]) -> list[str]:
        """Keys of all rows but these."""
        taken = {self._taken_key(key) for key in known}
        column = self._table.column(self._key)
        rows = self._connection.execute(sa.select(column).where(column.is_not(None)))
        return [str(key) for (key,) in rows if key not in taken]

    def _held(self, keys: Sequence[Any]) -> dict[Any, Row]:
        columns = [self._table.column(name) for name in (self._key, *self._names)]
        rows = self._connection.execute(sa.select(*columns).where(columns[0].in_(keys)))
        return {key: dict(zip(self._names, cells, strict=True)) for key, *cells in rows}

    def _difference(self, expected: Expected, held: Row | None) -> Difference | None:
        if expected.row is None:
            return None if held is None else Difference(expected.key, "extra")
        if held is None:
            return Difference(expected.key, "missing")
        cells = []
        for name, text in zip(self._names, expected.row, strict=True):
            column = self._table.columns[name]
            if not _shows(column, held[name], text):
                cells.append(Cell(name, text, None if held[name] is None else str(held[name])))
        return Difference(expected.key, "different", tuple(cells)) if cells else None

    def _taken_key(self, key: str) -> Any:
        try:
            return self._table.columns[self._key].taken(key)
        except Refused:
            return None  # no row can have this key


def _shows(column: Column, held: Any, text: str | None) -> bool:
    try:
        return values.shows(column.kind, held, column.taken(text))
    except Refused:
        return False
