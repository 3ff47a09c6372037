"""Under which key does a claim stand? What an event says under the record's own key, and what under another.

A record is keyed by the key that its row had before. Where the event changes the key, the claim is withdrawn here and
sent on; the owner of the new key takes it if nothing newer of the row is known there.
"""

from typing import Final, NamedTuple

from schemas.dead_letters import Reason
from schemas.identity import kind_of
from schemas.mapping import MappedIn, MappingError
from schemas.records import ChangeEvent, Claim, Entity, EntityState
from streams.claims import find
from streams.errors import Unprocessable
from streams.normalise import Resource

#: Below every real revision: the place just before an event. All that is older than the event is older than this place
#: too, and the event itself, read by a better mapping or mended by hand, is newer.
JUST_BEFORE = -1
#: What stays of a row's last claim where an event cannot be read.
_KEPT: Final = ("values", "stated_null", "held", "echoed", "source_time", "aliases")


class Said(NamedTuple):
    """`here`: claims under this key, that of the event's row first. `onward`: the claim that goes to `new_key`."""

    here: list[Claim]
    onward: Claim | None = None
    new_key: str | None = None
    #: Whether the row stood here before: then something should be known of it.
    was_here: bool = False


def identify(event: ChangeEvent, state: EntityState, mapped: MappedIn | None, resource: Resource) -> Said:
    """What an event says that was read in full, under the key of `state`. `mapped` None: its row is gone.

    Raises Unprocessable where a column is missing in which the row names other keys.
    """
    key, new_key, was_here = state["key"], event["new_key"], event["operation"] == "update"
    claim = claim_of(event, event["row"], revision=resource.revision)
    claim["named"] = resource.named(event["after"] or event["before"] or {})
    if mapped is not None:
        claim["values"], claim["stated_null"], claim["held"] = mapped.values, mapped.stated_null, [*mapped.held]
    if new_key is None or new_key == key:
        _name(claim, event, key, None, state, resource)
        last = find(state["claims"], event["system"], event["resource"], event["row"])
        # What a row named that was never heard of here, or only left from here, is still on its way.
        claim["unheard"] = mapped is None and (last is None or last["left_to"] is not None)
        return Said([claim, *_previous(event, key, revision=resource.revision)], was_here=was_here)
    _name(claim, event, new_key, key, state, resource)
    withdrawn = _withdrawn(claim, new_key)
    return Said([withdrawn, *_previous(event, new_key, revision=resource.revision)], claim, new_key, was_here)


def identify_unread(event: ChangeEvent, state: EntityState, resource: Resource) -> Said:
    """What an event says whose values cannot be read: where its row is now, with the values that it had last.

    The row's last good claim moves to the place just before the event. So a snapshot does not take the row for
    vanished, and no older claim of it can stay behind under a key or a name that it has left.
    """
    key, new_key = state["key"], event["new_key"]
    stays = claim_of(event, event["row"], revision=JUST_BEFORE)
    last = _last(event, state)
    live = last is not None and last["values"] is not None
    if last is not None:
        stays["formerly"] = last["formerly"]
    if last is not None and live:
        stays |= {name: last[name] for name in _KEPT}  # type: ignore[typeddict-item]
    if new_key is None or new_key == key:
        gone = _previous(event, key, revision=JUST_BEFORE)
        return Said([stays, *gone] if live else gone)
    stays["formerly"] = _formerly(key, new_key, stays["formerly"], resource)
    stays["aliases"] = [name for name in stays["aliases"] if name != new_key]
    gone = _previous(event, new_key, revision=JUST_BEFORE)
    if not live:
        stays["left_to"] = new_key  # where it is, and what it says there is not known
    return Said([_withdrawn(stays, new_key), *gone], stays if live or stays["formerly"] else None, new_key)


def _name(  # noqa: PLR0913, PLR0917 - where it was and where it is
    claim: Claim, event: ChangeEvent, key: str, old_key: str | None, state: EntityState, resource: Resource
) -> None:
    """Which other keys the row, whose key is `key` now, says are the same entity."""
    if resource.names is not None and event["after"] is not None and event["operation"] != "delete":
        try:
            stated = resource.names(event["after"], key)
        except MappingError as error:
            raise Unprocessable("normalise", Reason(error.reason, str(error), error.field)) from error
        claim["aliases"], claim["formerly"] = [*stated.aliases], [*stated.formerly]
    last = _last(event, state) if old_key is not None or event["previous_row"] is not None else None
    if last is not None and claim["values"] is not None:
        claim["formerly"] += [name for name in last["formerly"] if name not in claim["formerly"]]
    if old_key is not None:
        claim["formerly"] = _formerly(old_key, key, claim["formerly"], resource)


def _formerly(old_key: str, new_key: str, known: list[str], resource: Resource) -> list[str]:
    """A provisional key ends where the authority for an identifier gives one; from one identifier to another a row goes
    alone, for a slip of the pen looks the same."""
    ends = kind_of(old_key) is None and kind_of(new_key) in resource.kinds
    found = [*known, old_key] if ends and old_key not in known else known
    return [name for name in found if name != new_key]


def _last(event: ChangeEvent, state: EntityState) -> Claim | None:
    """What the row said last under this key, if under another name before this event."""
    return find(state["claims"], event["system"], event["resource"], event["previous_row"] or event["row"])


def _withdrawn(claim: Claim, new_key: str) -> Claim:
    return {**claim, "values": None, "stated_null": [], "echoed": [], "held": [], "left_to": new_key}


def leaves(event: ChangeEvent, key: str) -> bool:
    """Whether the event's row has another key from now on."""
    return event["new_key"] is not None and event["new_key"] != key


def _previous(event: ChangeEvent, key: str, *, revision: int) -> list[Claim]:
    """The row by the name that it had before: it goes on under another, at `key`."""
    row = event["previous_row"]
    return [] if row in (None, event["row"]) else [claim_of(event, str(row), revision=revision) | {"left_to": key}]


def claim_of(event: ChangeEvent, row: str, *, revision: int, values: Entity | None = None) -> Claim:
    """What an event says of a row, and nothing beside."""
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
        "unheard": False,
        "named": None,
    }
