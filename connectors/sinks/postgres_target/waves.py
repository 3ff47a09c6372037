"""Deliveries in order → waves of deliveries that may be written in any order, three statements each.

A wave is written as its deletes, then its renames, then its upserts. Each key keeps the order of its deliveries: what
that order of statements would break begins a new wave. Of several deliveries of one key that end in the same row, a
wave keeps the last. The order *between* keys is not kept; where the target minds, the writes are found one by one.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from connectors.values import Write
from schemas.records import Row

_Key: TypeAlias = tuple[Any, ...]


@dataclass(slots=True)
class Wave:
    """`deletes` and `upserts` by key; upserts are whole rows, key columns included, all of the same columns."""

    deletes: dict[_Key, Row] = field(default_factory=dict)
    renames: list[Write] = field(default_factory=list)
    upserts: dict[_Key, Row] = field(default_factory=dict)
    #: The deletes and renames: whatever leaves its key.
    left: list[Write] = field(default_factory=list)
    _renamed: set[_Key] = field(default_factory=set)
    _columns: tuple[str, ...] = ()

    def take(self, write: Write) -> bool:
        """Whether the write fits into this wave; then it is in it."""
        key = tuple(write.key.values())
        if write.operation == "upsert":
            return self._take_upsert(key, write)
        if write.operation == "delete":
            return self._take_delete(key, write)
        return self._take_rename(key, write)

    def _take_upsert(self, key: _Key, write: Write) -> bool:
        # A row that was deleted first starts with the defaults of the columns that nobody maps.
        if key in self.deletes or (self.upserts and tuple(write.values) != self._columns):
            return False
        self._columns = tuple(write.values)
        self.upserts[key] = {**write.values, **write.key}
        return True

    def _take_delete(self, key: _Key, write: Write) -> bool:
        if key in self._renamed:
            return False
        self.upserts.pop(key, None)
        self.deletes[key] = write.key
        self.left.append(write)
        return True

    def _take_rename(self, key: _Key, write: Write) -> bool:
        moved_to = write.moved_to or {}
        new = tuple(moved_to.values())
        if key == new:
            return True
        if any(touched in place for touched in (key, new) for place in (self.deletes, self._renamed, self.upserts)):
            return False
        self.renames.append(write)
        self.left.append(write)
        self._renamed.update((key, new))
        return True


def waves(items: Iterable[Write]) -> list[Wave]:
    """In the order in which they must be written."""
    found: list[Wave] = []
    for write in items:
        if not found or not found[-1].take(write):
            found.append(Wave())
            found[-1].take(write)
    return found
