"""From rows as they are to change events: compared with what was said of them last."""

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from hashlib import blake2b
from types import MappingProxyType
from typing import Any, Final, NamedTuple, TypeAlias, cast

from connectors.sources.sql_polling import plain
from connectors.sources.sql_polling.store import Known
from connectors.sources.sql_polling.tables import Found, Table
from connectors.values import Change
from schemas.records import ChangeEvent, Operation, Row


class Draft(NamedTuple):
    """A change before it has a position. `changed` as in Found; `ours` as in a change event."""

    operation: Operation
    row: str
    before: Row | None
    after: Row | None
    changed: int | None
    ours: bool | None = None


#: What we have done to a row since it was said last: each time the row that we wrote over, and what we left. Where one
#: was taken away in between, or is not known to have been another, there is no first.
Since: TypeAlias = Sequence[tuple[Row | None, Row]]


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


_NOBODY_KNOWS: Final[Mapping[str, Any]] = MappingProxyType({})


def knowledge(found: Found) -> Known:
    """What is remembered of a row."""
    return Known(found.name, plain.dumps(found.key), plain.dumps(found.cursor), _digest(found.row), found.brief)


def _digest(row: Row) -> bytes:
    return blake2b(plain.dumps(row).encode(), digest_size=16).digest()


def differing(rows: Iterable[Found], known: Mapping[str, Known]) -> list[Found]:
    """Rows that are not as they are known."""
    return [found for found in rows if (old := known.get(found.name)) is None or old.digest != _digest(found.row)]


def compare(
    rows: Iterable[Found], known: Mapping[str, Known], since: Mapping[str, Since | None] = _NOBODY_KNOWS
) -> Compared:
    """Rows that are there against what is known of them. `since`: who has changed them, as far as that is known."""
    compared = Compared([], [])
    for found in rows:
        now, old = knowledge(found), known.get(found.name)
        if old is None or old.digest != now.digest:
            compared.drafts.extend(_drafts(found, old, since.get(found.name)))
        if old is None or old.digest != now.digest or old.cursor != now.cursor:
            compared.learned.append(now)
    return compared


def _drafts(found: Found, old: Known | None, since: Since | None) -> Iterator[Draft]:
    """What people wrote and we wrote, in turns. `since` None: nobody knows who."""
    if since is None:
        yield Draft("update" if old else "create", found.name, old.brief if old else None, found.row, found.changed)
        return
    last, known = old.brief if old else None, old.digest if old else b""
    states = [
        (row, ours) for before, after in since for row, ours in ((before, False), (after, True)) if row is not None
    ]
    states.append((found.row, False))
    digests = [_digest(row) for row, _ in states]
    # Where the row was read while we wrote, some of it has been said.
    news = len(digests) - digests[::-1].index(known) if known in digests else 0
    for (row, ours), now in zip(states[news:], digests[news:], strict=True):
        if now != known:
            changed = found.changed if row == found.row else None
            yield Draft("create" if last is None else "update", found.name, last, row, changed, ours)
            last, known = {name: row.get(name) for name in found.brief}, now


def deletions(gone: Iterable[Known], taken: Mapping[str, bool] = _NOBODY_KNOWS) -> list[Draft]:
    """Rows that are there no more. `taken`: by name, whether we took them, as far as that is known."""
    return [Draft("delete", known.name, known.brief, None, None, taken.get(known.name)) for known in gone]


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
        "ours": draft.ours,
    }
