"""Writes deliveries into one table, and finds those that the target refuses."""

from collections.abc import Collection, Sequence
from typing import Any, Final, NamedTuple

import sqlalchemy as sa

from connectors.lateness import key_text, sift
from connectors.sinks.postgres_target.waves import waves
from connectors.sinks.sql_target import moves, values
from connectors.sinks.sql_target.chunks import chunks
from connectors.sinks.sql_target.recorder import Recorder
from connectors.sinks.sql_target.session import Refused, translated
from connectors.sinks.sql_target.structure import table_to_write
from connectors.values import Rejected, Write, Writes
from schemas.manifest import OWN, Subscription
from schemas.records import Row

_Placed = tuple[int, Write]


class _Names(NamedTuple):
    """Names of bound values: SQLAlchemy has the columns' own names for itself."""

    key: str = "lienthong_key"
    value: str = "lienthong_value_"


_BOUND: Final = _Names()


class Writer:
    """One table of one connection, as its structure is when the writer is made. Works in the caller's transaction."""

    def __init__(self, connection: sa.Connection, subscription: Subscription, recorder: Recorder | None) -> None:
        """Raises SinkUnavailable where the table cannot be written, Refused or sa's errors never."""
        self._connection = connection
        self._recorder = recorder
        self._key = subscription.key.column
        #: Of the system's own rows none is added or deleted, and their numbers are not changed.
        self._is_own = subscription.key.kind == OWN
        self._arrivals = self._settled = moves.arrivals(connection, subscription.into)
        self._table = table_to_write(connection, subscription)

    def write(self, writes: Writes, *, without: Collection[int]) -> None:
        """All but those in these places. Raises Refused when any is refused, or sa's errors; the caller rolls back."""
        if self._recorder is not None:
            self._recorder.begin()
        self._write([write for place, write in self._sifted(writes.items) if place not in without])
        if self._recorder is not None:
            self._recorder.keep(writes, self._table)

    def refusals(self, items: Sequence[Write], *, known: Collection[int]) -> list[Rejected]:
        """Those that the target refuses, beyond the known places. The caller rolls back."""
        # In order, left before right: what depends on an earlier write finds it done.
        kept = [placed for placed in self._sifted(items) if placed[0] not in known]
        found: list[Rejected] = []
        ahead = [kept]
        while ahead:
            part = ahead.pop()
            refused = self._tried([write for _, write in part])
            if refused is None:
                continue
            if len(part) == 1:
                found.append(self._rejected(part[0], refused))
                continue
            middle = len(part) // 2
            ahead += [part[middle:], part[:middle]]
        return found

    @property
    def is_recorded(self) -> bool:
        """Whether it is noted which rows are written."""
        return self._recorder is not None

    def committed(self) -> None:
        """The transaction of the last `write` has committed."""
        self._settled = self._arrivals

    def _sifted(self, items: Sequence[Write]) -> list[_Placed]:
        kept, self._arrivals = sift(items, self._settled)
        moves.change_arrivals(self._connection, self._table.name, before=self._settled, after=self._arrivals)
        return kept

    def _tried(self, items: Sequence[Write]) -> Refused | None:
        try:
            with translated(f"writing {self._table.name}"), self._connection.begin_nested():
                self._write(items)
                if self._connection.dialect.name == "postgresql":
                    # Some check would otherwise wait for the commit, where it is too late to find the row.
                    self._connection.exec_driver_sql("SET CONSTRAINTS ALL IMMEDIATE")
        except Refused as refused:
            return refused
        return None

    def _rejected(self, placed: _Placed, refused: Refused) -> Rejected:
        place, write = placed
        texts = {**write.values, **write.key, **(write.moved_to or {})}
        column = refused.column or next((n for n, v in texts.items() if isinstance(v, str) and "\0" in v), None)
        told = refused.told or "the target refused the row; see its constraints and triggers, and correct the source"
        return Rejected(place, refused.reason, f"{self._table.name}: {told}", column)

    def _write(self, items: Sequence[Write]) -> None:
        for write in items:
            self._table.taken({**write.values, **write.key, **(write.moved_to or {})})
        kept = [write for write in items if write.operation == "upsert"] if self._is_own else items
        for wave in waves(kept):
            if wave.deletes:
                self._delete([row[self._key] for row in wave.deletes.values()])
            for rename in wave.renames:
                self._rename(rename)
            if wave.left:
                moves.note_departures(self._connection, self._table.name, wave.left)
            if wave.upserts:
                self._upsert([self._table.taken(row) for row in wave.upserts.values()])

    def _delete(self, keys: Sequence[Any]) -> None:
        statement = sa.delete(self._table.clause).where(self._is(sa.bindparam(_BOUND.key)))
        taken = [self._taken_key(key) for key in keys]
        self._connection.execute(statement, [{_BOUND.key: key} for key in taken])
        self._record(removed=taken)

    def _rename(self, write: Write) -> None:
        old, new = self._taken_key(key_text(write.key)), self._taken_key(key_text(write.moved_to or {}))
        if moves.is_late(self._connection, self._table.name, write) or self._held([new], []):
            self._connection.execute(sa.delete(self._table.clause).where(self._is(old)))
            self._record(removed=[old])
            return
        self._connection.execute(sa.update(self._table.clause).where(self._is(old)).values({self._key: new}))
        self._record(wrote=[new], removed=[old])

    def _upsert(self, rows: Sequence[Row]) -> None:
        columns = [name for name in rows[0] if name != self._key]
        held = self._held([row[self._key] for row in rows], columns)
        new = [row for row in rows if row[self._key] not in held]
        changed = [row for row in rows if row[self._key] in held and not self._shows(held[row[self._key]], row)]
        if changed:
            if self._recorder is not None:
                self._recorder.about_to_change(self._table, [row[self._key] for row in changed])
            marks: dict[Any, Any] = {name: sa.bindparam(f"{_BOUND.value}{place}") for place, name in enumerate(columns)}
            update = sa.update(self._table.clause).where(self._is(sa.bindparam(_BOUND.key))).values(marks)
            self._connection.execute(update, [self._bound(row, columns) for row in changed])
        if new and not self._is_own:
            self._connection.execute(sa.insert(self._table.clause), new)
        self._record(wrote=[row[self._key] for row in (changed if self._is_own else [*changed, *new])])

    def _record(self, *, wrote: Sequence[Any] = (), removed: Sequence[Any] = ()) -> None:
        if self._recorder is not None:
            self._recorder.removed(removed)
            self._recorder.wrote(wrote)

    def _bound(self, row: Row, columns: Sequence[str]) -> Row:
        told = {f"{_BOUND.value}{place}": row[name] for place, name in enumerate(columns)}
        return {**told, _BOUND.key: row[self._key]}

    def _held(self, keys: Sequence[Any], columns: Sequence[str]) -> dict[Any, Row]:
        """The rows that there are, by key."""
        names = [self._key, *columns]
        found: dict[Any, Row] = {}
        for some in chunks(keys):
            condition = self._table.column(self._key).in_(some)
            for cells in self._connection.execute(sa.select(*map(self._table.column, names)).where(condition)):
                found[cells[0]] = dict(zip(names, cells, strict=True))
        return found

    def _shows(self, held: Row, row: Row) -> bool:
        return all(values.shows(self._table.columns[name].kind, held[name], value) for name, value in row.items())

    def _is(self, key: Any) -> sa.ColumnElement[bool]:
        condition: sa.ColumnElement[bool] = self._table.column(self._key) == key
        return condition

    def _taken_key(self, key: Any) -> Any:
        return self._table.columns[self._key].taken(key)
