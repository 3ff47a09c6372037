"""From the source's own columns, codes and spellings to canonical values, as the manifest maps them."""

from collections.abc import Callable
from typing import NamedTuple

from schemas.catalogue import Catalogue
from schemas.compose import entity_fields
from schemas.dead_letters import Reason
from schemas.key_columns import kinds_owned
from schemas.manifest import WHOLE_KEY, Publication
from schemas.mapping import MappedIn, MappingError, Stated, compile_in, stated_in
from schemas.records import ChangeEvent, Entity, Row
from streams.errors import Unprocessable


class Resource(NamedTuple):
    """One published table or endpoint: its compiled mapping, and the revision of the manifest that states it.

    `names`: which other keys a row says are the same entity as its own. `kinds`: identifiers that the system gives.
    """

    system: str
    map_in: Callable[[Row], MappedIn]
    revision: int
    names: Callable[[Row, str], Stated] | None = None
    kinds: frozenset[str] = frozenset()
    #: Column of the whole key by which deliveries find a row, where there is one.
    code: str | None = None

    def named(self, row: Row) -> str | None:
        """The key by which deliveries find the row, as it stands there."""
        value = row.get(self.code) if self.code is not None else None
        return value if isinstance(value, str) else None


def resources(catalogue: Catalogue, entity: str) -> dict[tuple[str, str], Resource]:
    """Everything that feeds the entity, by (system, resource)."""
    return {
        (system, publication.resource): _resource(catalogue, entity, system, publication)
        for system in catalogue.publishers(entity)
        for publication in catalogue.publications(system, entity)
    }


def _resource(catalogue: Catalogue, entity: str, system: str, publication: Publication) -> Resource:
    kinds = kinds_owned(catalogue.manifest(system).owned(entity), entity)
    whole = [column for kind, column in publication.key.identifiers if kind == WHOLE_KEY]
    return Resource(
        system,
        compile_in(publication, entity),
        catalogue.mapping_revision(system),
        stated_in(publication, kinds),
        kinds,
        whole[0] if whole else None,
    )


def blank(entity: str) -> Entity:
    """Every field of the entity, unknown."""
    return dict.fromkeys(entity_fields(entity))


def normalise(event: ChangeEvent, resource: Resource, empty: Entity) -> MappedIn | None:
    """The row as canonical values, with every field in it; None where the row is gone.

    `empty`: as from `blank`. Raises Unprocessable with the field and the reason of the first bad value.
    """
    row = event["after"]
    if event["operation"] == "delete" or row is None:
        return None
    try:
        values, stated_null, held = resource.map_in(row)
    except MappingError as refused:
        raise Unprocessable("normalise", Reason(refused.reason, str(refused), refused.field)) from refused
    except Exception as error:
        # A rule that fails on a value nobody thought of costs this record, and its text may hold the value.
        message = f"{type(error).__name__} in the rules; report it, and replay with a version that mends it"
        raise Unprocessable("normalise", Reason("unexpected_error", message)) from error
    return MappedIn({**empty, **values}, stated_null, held)
