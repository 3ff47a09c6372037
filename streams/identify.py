"""Under which key does a claim stand? What an event says under the record's own key, and what under another.

A record is keyed by the key that its row had before. Where the event changes the key, the claim is withdrawn here and
sent on; the owner of the new key takes it if nothing newer of the row is known there.
"""

from collections.abc import Iterable
from typing import NamedTuple

from schemas.mapping import MappedIn
from schemas.records import ChangeEvent, Claim, Entity
from streams.claims import find

#: Below every real revision: the place just before an event. All that is older than the event is older than this place
#: too, and the event itself, read by a better mapping or mended by hand, is newer.
JUST_BEFORE = -1


class Said(NamedTuple):
    """`here`: claims under this key, that of the event's row first. `onward`: the claim that goes to `new_key`."""

    here: list[Claim]
    onward: Claim | None = None
    new_key: str | None = None


def identify(event: ChangeEvent, key: str, mapped: MappedIn | None, *, revision: int) -> Said:
    """What an event says that was read in full. `mapped` None: its row is gone. `revision`: of the mapping."""
    claim = _claim(event, event["row"], revision=revision)
    if mapped is not None:
        claim["values"], claim["stated_null"], claim["held"] = mapped.values, mapped.stated_null, [*mapped.held]
    gone = _previous(event, revision=revision)
    if not leaves(event, key):
        return Said([claim, *gone])
    return Said([_claim(event, event["row"], revision=revision), *gone], claim, event["new_key"])


def identify_unread(event: ChangeEvent, key: str, held: Iterable[Claim]) -> Said:
    """What an event says whose values cannot be read: where its row is now, with the values that it had last.

    The row's last good claim moves to the place just before the event. So a snapshot does not take the row for
    vanished, and no older claim of it can stay behind under a key or a name that it has left.
    """
    stays = _claim(event, event["row"], revision=JUST_BEFORE)
    last = find(held, event["system"], event["resource"], event["previous_row"] or event["row"])
    live = last is not None and last["values"] is not None
    if last is not None and live:
        stays |= {
            "values": last["values"],
            "stated_null": last["stated_null"],
            "held": last["held"],
            "echoed": last["echoed"],
            "source_time": last["source_time"],
        }
    gone = _previous(event, revision=JUST_BEFORE)
    if leaves(event, key):
        withdrawn = _claim(event, event["row"], revision=JUST_BEFORE)
        return Said([withdrawn, *gone], stays if live else None, event["new_key"])
    return Said([stays, *gone] if live else gone)


def leaves(event: ChangeEvent, key: str) -> bool:
    """Whether the event's row has another key from now on."""
    return event["new_key"] is not None and event["new_key"] != key


def _previous(event: ChangeEvent, *, revision: int) -> list[Claim]:
    row = event["previous_row"]
    return [] if row is None or row == event["row"] else [_claim(event, row, revision=revision)]


def _claim(event: ChangeEvent, row: str, *, revision: int, values: Entity | None = None) -> Claim:
    return {
        "system": event["system"],
        "resource": event["resource"],
        "row": row,
        "epoch": event["epoch"],
        "commit": event["commit"],
        "ordinal": event["ordinal"],
        "mapping": revision,
        "edit": event["edit"],
        "source_time": event["source_time"],
        "values": values,
        "stated_null": [],
        "echoed": [],
        "under": "",
        "left_to": None,
        "aliases": [],
        "formerly": [],
        "held": [],
        "ours": event.get("ours"),
    }
