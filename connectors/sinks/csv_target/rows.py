"""The current rows of one table, kept in its ledger, and what each write really changes."""

import time
from collections.abc import Iterable, Iterator, Mapping
from sqlite3 import Connection
from typing import NamedTuple

import orjson

from connectors.lateness import Moment, Sifted, key_text, moment, sift
from connectors.values import Write
from schemas.records import DeliveryOperation, Row

#: Longer than raw events are kept: no rename can be later than that.
_FORGET_SECONDS = 8 * 24 * 3600


class Changed(NamedTuple):
    """One row that is different now: its columns after an upsert or rename, none of it after a delete."""

    operation: DeliveryOperation
    key: str
    moved_to: str | None
    columns: Row
    version: int
    source_time: int


class Rows:
    """Bound to a ledger's connection; every method is called inside the ledger's transaction, save `sifted`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def sifted(self, items: Iterable[Write]) -> Sifted:
        """What of them is not late; see connectors.lateness."""
        return sift(items, self._arrivals())

    def arrive(self, arrivals: Mapping[str, Moment]) -> None:
        """Keep what `sifted` has told."""
        held = self._arrivals()
        self._connection.executemany("DELETE FROM arrived WHERE key = ?", [(key,) for key in held.keys() - arrivals])
        self._connection.executemany(
            "INSERT OR REPLACE INTO arrived VALUES (?, ?, ?, ?, ?)",
            [(key, *at) for key, at in arrivals.items() if held.get(key) != at],
        )

    def apply(self, write: Write) -> Changed | None:
        """Write it; None where the row is as the write wants it already."""
        key = key_text(write.key)
        held = self._held(key)
        if write.operation == "upsert":
            return self._upsert(key, held, write)
        moved_to = key_text(write.moved_to) if write.moved_to else None
        if moved_to == key:
            return None
        changed = self._leave(key, moved_to, held, write) if held is not None else None
        self._note(key, moment(write))
        return changed

    def all(self) -> Iterator[Changed]:
        """Every row, by key, as an upsert would make it."""
        found = self._connection.execute("SELECT key, columns, version, source_time FROM held ORDER BY key")
        for key, columns, version, source_time in found:
            yield Changed("upsert", key, None, orjson.loads(columns), version, source_time)

    def forget(self) -> None:
        """What was left too long ago to matter."""
        self._connection.execute("DELETE FROM departed WHERE at < ?", (int(time.time()) - _FORGET_SECONDS,))

    def _upsert(self, key: str, held: Row | None, write: Write) -> Changed | None:
        columns = {**(held or {}), **write.values}
        if held == columns:
            return None
        return self._put(Changed("upsert", key, None, columns, write.version, write.source_time), key)

    def _leave(self, key: str, moved_to: str | None, held: Row, write: Write) -> Changed:
        self._connection.execute("DELETE FROM held WHERE key = ?", (key,))
        if moved_to is None or self._is_late(moved_to, moment(write)) or self._held(moved_to) is not None:
            return Changed("delete", key, None, {}, write.version, write.source_time)
        return self._put(Changed("rename", key, moved_to, held, write.version, write.source_time), moved_to)

    def _put(self, changed: Changed, key: str) -> Changed:
        self._connection.execute(
            "INSERT OR REPLACE INTO held VALUES (?, ?, ?, ?)",
            (key, orjson.dumps(changed.columns).decode(), changed.version, changed.source_time),
        )
        return changed

    def _held(self, key: str) -> Row | None:
        found = self._connection.execute("SELECT columns FROM held WHERE key = ?", (key,)).fetchone()
        return orjson.loads(found[0]) if found else None

    def _is_late(self, key: str, left: Moment) -> bool:
        """Whether the key was left after `left`; of two sources the clocks do not compare: then taken for later."""
        gone = self._departure(key)
        return gone is not None and (gone.source != left.source or left.is_before(gone))

    def _note(self, key: str, left: Moment) -> None:
        known = self._departure(key)
        if known is None or not left.is_before(known):
            self._connection.execute(
                "INSERT OR REPLACE INTO departed VALUES (?, ?, ?, ?, ?, ?)", (key, *left, int(time.time()))
            )

    def _departure(self, key: str) -> Moment | None:
        found = self._connection.execute(
            'SELECT source, epoch, "commit", ordinal FROM departed WHERE key = ?', (key,)
        ).fetchone()
        return Moment(*found) if found else None

    def _arrivals(self) -> dict[str, Moment]:
        found = self._connection.execute('SELECT key, source, epoch, "commit", ordinal FROM arrived')
        return {key: Moment(*at) for key, *at in found}
