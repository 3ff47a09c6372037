"""From rows as they are to change events: compared with what was said of them last."""

import time
from collections.abc import Iterable, Iterator, Mapping
from hashlib import blake2b
from typing import Any, NamedTuple, cast

from connectors.sources.sql_polling import plain
from connectors.sources.sql_polling.store import Known
from connectors.sources.sql_polling.tables import Found, Table
from connectors.values import Change
from schemas.records import ChangeEvent, Operation, Row


class Draft(NamedTuple):
    """A change before it has a position. `changed` as in Found."""

    operation: Operation
    row: str
    before: Row | None
    after: Row | None
    changed: int | None


class Stamp(NamedTuple):
    """What the events of one round share. `transaction` is None in a snapshot."""

    system: str
    epoch: int
    commit: int
    transaction: int | None


class Compared(NamedTuple):
    """`drafts`: what is news. `learned`: what is to be remembered, also where only the cursor is another."""

    drafts: list[Draft]
    learned: list[Known]


def knowledge(found: Found) -> Known:
    """What is remembered of a row."""
    digest = blake2b(plain.dumps(found.row).encode(), digest_size=16).digest()
    return Known(found.name, plain.dumps(found.key), plain.dumps(found.cursor), digest, found.brief)


def compare(rows: Iterable[Found], known: Mapping[str, Known]) -> Compared:
    """Rows that are there against what is known of them."""
    compared = Compared([], [])
    for found in rows:
        now, old = knowledge(found), known.get(found.name)
        if old is None:
            compared.drafts.append(Draft("create", found.name, None, found.row, found.changed))
        elif old.digest != now.digest:
            compared.drafts.append(Draft("update", found.name, old.brief, found.row, found.changed))
        if old is None or old.digest != now.digest or old.cursor != now.cursor:
            compared.learned.append(now)
    return compared


def deletions(gone: Iterable[Known]) -> list[Draft]:
    """Rows that are there no more."""
    return [Draft("delete", known.name, known.brief, None, None) for known in gone]


def marker(operation: Operation) -> Draft:
    """Of a whole table."""
    return Draft(operation, "", None, None, None)


def reading(found: Found) -> Draft:
    """A row of a snapshot."""
    return Draft("read", found.name, None, found.row, found.changed)


def events(drafts: Iterable[Draft], resource: str, stamp: Stamp, *, first: int) -> list[dict[str, Any]]:
    """The events, with ordinals from `first` on."""
    now = time.time_ns() // 1000
    return [dict(_event(draft, resource, stamp, first + place, now)) for place, draft in enumerate(drafts)]


def handed_out(found: Iterable[Mapping[str, Any]], entities: Iterable[str], shape: dict[str, Any]) -> list[Change]:
    """Each event for each entity that the table feeds."""
    fed = tuple(entities)
    return [Change(entity, _own(event), shape) for event in found for entity in fed]


def changes_of(drafts: Iterable[Draft], table: Table, stamp: Stamp, *, first: int) -> list[Change]:
    """The events of one table, as they are handed out."""
    return handed_out(events(drafts, table.resource, stamp, first=first), table.entities, table.shape)


def in_pieces(keys: list[Any], size: int) -> Iterator[list[Any]]:
    """`keys` in lists of at most `size`."""
    return (keys[start : start + size] for start in range(0, len(keys), size))


def _own(event: Mapping[str, Any]) -> ChangeEvent:
    """A copy: whoever hands it on notes the new key in it."""
    return cast(ChangeEvent, dict(event))


def _event(draft: Draft, resource: str, stamp: Stamp, ordinal: int, now: int) -> ChangeEvent:
    return {
        "operation": draft.operation,
        "system": stamp.system,
        "resource": resource,
        "row": draft.row,
        "previous_row": None,
        "new_key": None,
        "epoch": stamp.epoch,
        "commit": stamp.commit,
        "ordinal": ordinal,
        "edit": 0,
        "transaction": stamp.transaction,
        # A cursor may be of a clock that is ahead, or of a zone that is not said.
        "source_time": draft.changed if draft.changed is not None and 0 < draft.changed < now else now,
        "captured_time": now,
        "before": draft.before,
        "after": draft.after,
    }
