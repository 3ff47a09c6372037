"""Names that a change always gets again: entity key, event id, trace id."""

from hashlib import blake2b

from schemas.records import ChangeEvent

#: The record key of markers, which belong to every key of a partition.
MARKER_KEY = None


def identified(kind: str, value: str) -> str:
    """Entity key made from an identifier that several systems share, e.g. `citizen_id:001099012345`."""
    return f"{kind}:{value}"


def local(system: str, row: str) -> str:
    """Entity key of a record that only its own system can name yet, e.g. `ho_tich#123`."""
    return f"{system}#{row}"


def local_row(key: str) -> str | None:
    """The row in a key as from `local`, or None where the key is a shared one."""
    system, separator, row = key.partition("#")
    return row if separator and ":" not in system else None


def identifier(key: str, kind: str) -> str | None:
    """The bare identifier in a key of this kind, or None where the key is of another kind."""
    head, separator, tail = key.partition(":")
    return tail if separator and head == kind else None


def kind_of(key: str) -> str | None:
    """The kind of identifier that an entity key is made of; None for a local key, which is provisional."""
    head, separator, _ = key.partition(":")
    return head if separator and "#" not in head else None


def event_id(event: ChangeEvent) -> str:
    """The same for every capture of the same change, also after a restart: system, resource, position."""
    return f"{event['system']}/{event['resource']}/{event['epoch']}/{event['commit']:x}/{event['ordinal']}"


def event_position(event: str) -> tuple[str, int, int, int]:
    """What an event id says: its source (system and resource), epoch, commit and ordinal.

    Only positions of one source compare. An id of another form stands before all others of its own source.
    """
    try:
        source, epoch, commit, ordinal = event.rsplit("/", 3)
        return source, int(epoch), int(commit, 16), int(ordinal)
    except ValueError:
        return event, -1, 0, 0


def trace_id(event: str) -> str:
    """W3C trace id (32 hex digits) derived from an event id, so that every stage finds it without being told."""
    return blake2b(event.encode(), digest_size=16).hexdigest()
