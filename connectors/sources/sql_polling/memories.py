"""What the source keeps in Kafka, and when the local store does not fit it."""

from collections.abc import Mapping, Sequence

from pydantic import BaseModel, ConfigDict, ValidationError

from connectors.kept_format import FORMAT, refuse_newer
from connectors.sources.sql_polling.jobs import Job
from connectors.sources.sql_polling.store import Store
from connectors.sources.sql_polling.tables import Table
from schemas.records import ConnectorState


class Kept(BaseModel):
    """The `detail` of a source's ConnectorState."""

    model_config = ConfigDict(frozen=True)

    format: int = FORMAT
    #: The local store that belongs to this epoch.
    store: str
    #: Whether Kafka has acknowledged the whole snapshot of this epoch.
    complete: bool
    #: Columns of the primary key, by resource.
    keys: Mapping[str, tuple[str, ...]]
    #: A position that Kafka has acknowledged.
    confirmed: int = 0
    #: What is to be read anew.
    jobs: tuple[Job, ...] = ()


def recall(last: ConnectorState | None) -> Kept | None:
    """What was kept, None when nothing was, or something that is not understood.

    Raises SourceUnavailable where a newer version has kept it.
    """
    if last is not None:
        refuse_newer(last["detail"])
    try:
        return Kept.model_validate_json(last["detail"]) if last else None
    except ValidationError:
        return None


def keys_of(tables: Sequence[Table]) -> dict[str, tuple[str, ...]]:
    """As `Kept.keys`."""
    return {table.resource: tuple(column.name for column in table.key) for table in tables}


def why_anew(kept: Kept | None, last: ConnectorState | None, store: Store, tables: Sequence[Table]) -> str:
    """Why a new snapshot is needed; empty when rounds can go on."""
    if kept is None or last is None:
        return "first start"
    if not kept.complete:
        return "the last snapshot was interrupted"
    if store.id != kept.store:
        return "what was known of the rows is not on this machine"
    if store.generation < last["generation"] or store.last < kept.confirmed:
        return "what is known of the rows here is older than what was said since"
    return _other_tables(kept, tables)


def _other_tables(kept: Kept, tables: Sequence[Table]) -> str:
    present = keys_of(tables)
    new = [resource for resource in present if resource not in kept.keys]
    if new:
        return f"{', '.join(new)} was not published before"
    changed = [resource for resource, key in present.items() if kept.keys[resource] != key]
    return f"{', '.join(changed)} has another primary key" if changed else ""
