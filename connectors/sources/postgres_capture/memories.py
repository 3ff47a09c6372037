"""What the source keeps in Kafka between starts, and when it does not suffice to go on."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict, ValidationError

from connectors.kept_format import FORMAT, refuse_newer
from connectors.sources.postgres_capture import lsn
from connectors.sources.postgres_capture.jobs import Job
from connectors.sources.postgres_capture.replication import Identity
from connectors.sources.postgres_capture.slot import Slot
from connectors.sources.postgres_capture.structure import Table


class KeptKey(BaseModel):
    """A table's primary key: column names for people and for reading the stream, numbers to compare."""

    model_config = ConfigDict(frozen=True)

    names: tuple[str, ...]
    numbers: tuple[int, ...]


class Kept(BaseModel):
    """The `detail` of a source's ConnectorState."""

    model_config = ConfigDict(frozen=True)

    format: int = FORMAT
    system_identifier: str
    timeline: int
    database: str
    #: Whether Kafka has acknowledged the whole snapshot of this epoch.
    complete: bool
    #: Tables of the epoch's snapshot, by resource.
    tables: Mapping[str, KeptKey]
    #: A position that has been confirmed, as the server spells it.
    seen: str = "0/0"
    #: Why the stream can no longer be trusted; empty when it can.
    spoiled: str = ""
    #: Epochs that began while the stream went on, and the places in the WAL where they did, as `Epochs` takes them.
    epochs: tuple[tuple[str, int], ...] = ()
    #: What is to be read anew.
    jobs: tuple[Job, ...] = ()


class Found(NamedTuple):
    """What the server says now. `lacking`: why changes of tables that were published before may have been missed;
    `position`: the end of its WAL.
    """

    identity: Identity
    slot: Slot | None
    tables: Sequence[Table]
    lacking: str
    position: int


def recall(detail: str) -> Kept | None:
    """What was kept, None when nothing was, or something that is not understood.

    Raises SourceUnavailable where a newer version has kept it.
    """
    refuse_newer(detail)
    try:
        return Kept.model_validate_json(detail)
    except ValidationError:
        return None


def first(identity: Identity, tables: Sequence[Table]) -> Kept:
    """What to keep when an epoch begins."""
    return Kept(
        system_identifier=identity.system_identifier,
        timeline=identity.timeline,
        database=identity.database,
        complete=False,
        tables=keys_of(tables),
    )


def why_anew(kept: Kept | None, found: Found) -> str:
    """Why a new snapshot is needed; empty when the stream can go on where it was confirmed."""
    if kept is None:
        return "first start"
    return (
        kept.spoiled
        or _elsewhere(kept, found)
        or ("" if kept.complete else "the last snapshot was interrupted")
        or _slot_trouble(found.slot, found.identity)
        or _other_keys(kept, found.tables)
        or found.lacking
    )


def _elsewhere(kept: Kept, found: Found) -> str:
    if (kept.system_identifier, kept.database) != (found.identity.system_identifier, found.identity.database):
        return "it is another database"
    if kept.timeline != found.identity.timeline:
        return f"the server is on timeline {found.identity.timeline}, it was on {kept.timeline}"
    if found.position < lsn.parse(kept.seen):
        return f"the server's WAL ends before {kept.seen}, which was read: it was restored from a copy"
    return ""


def _slot_trouble(slot: Slot | None, identity: Identity) -> str:
    if slot is None:
        return "the replication slot is gone"
    if slot.lost:
        return "the server has removed WAL that the slot needs (max_slot_wal_keep_size)"
    if slot.plugin != "pgoutput" or slot.database != identity.database:
        return f"the replication slot is of {slot.plugin} in database {slot.database}"
    return ""


def added(kept: Kept, tables: Sequence[Table]) -> list[Table]:
    """Tables that were not published before."""
    return [table for table in tables if table.resource not in kept.tables]


def keys_of(tables: Sequence[Table]) -> dict[str, KeptKey]:
    """As `Kept.tables`."""
    return {table.resource: KeptKey(names=table.primary_key, numbers=table.key_numbers) for table in tables}


def _other_keys(kept: Kept, tables: Sequence[Table]) -> str:
    changed = [
        table.resource
        for table in tables
        if table.resource in kept.tables and kept.tables[table.resource].numbers != table.key_numbers
    ]
    return f"{', '.join(changed)} has another primary key" if changed else ""
