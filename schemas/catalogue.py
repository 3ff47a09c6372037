"""All manifests of a city, compiled: who publishes, owns and receives what. A new revision is a new object."""

import json
from collections.abc import Iterable
from functools import cached_property
from typing import Any, Final

from pydantic import ValidationError

from schemas import compose
from schemas.errors import SchemasError
from schemas.formats import newer
from schemas.manifest import BIRTH, EXISTENCE, Manifest, Publication, Subscription
from schemas.tenure import Tenure, follow, part

#: Of the record in the topic `catalogue`.
FORMAT: Final = 1


class CatalogueError(SchemasError):
    """A catalogue that cannot be read, or a question about a system that is not in it."""


class Catalogue:
    """Answers from the manifests. Systems are ordered by id, so that every process answers the same."""

    def __init__(
        self,
        manifests: Iterable[Manifest],
        revision: int,
        mapping_revisions: dict[str, int],
        tenure: Tenure | None = None,
        *,
        versions_from: int = 0,
    ) -> None:
        self.revision = revision
        #: Every version that a state gets is greater: a target may remember versions of before Kafka was lost.
        self.versions_from = versions_from
        #: Since when each system takes part, and what those leave behind that do no more.
        self.tenure = tenure or Tenure()
        self.manifests: dict[str, Manifest] = {m.system: m for m in sorted(manifests, key=lambda m: m.system)}
        self._mapping_revisions = {system: mapping_revisions[system] for system in self.manifests}

    def manifest(self, system: str) -> Manifest:
        """Raises CatalogueError where the system is not in the catalogue."""
        if system not in self.manifests:
            raise CatalogueError(
                f"looking for system {system!r} in catalogue revision {self.revision}: it is not there; "
                "add its manifest and run `lienthong apply`"
            )
        return self.manifests[system]

    def mapping_revision(self, system: str) -> int:
        """The catalogue revision in which this system's manifest last changed."""
        self.manifest(system)
        return self._mapping_revisions[system]

    def since(self, system: str, role: str, entity: str) -> int:
        """The revision since which the system `publishes` or `subscribes` the entity in its present form, or `keeps` it
        in its present place, which outlives other forms.
        """
        return self.tenure.since.get(part(system, role, entity), 0)

    def retired(self, entity: str) -> frozenset[tuple[str, str]]:
        """(system, resource) of whatever fed the entity once, and does so no more."""
        named = (name.split("/", 2) for name in self.tenure.retired)
        return frozenset((system, resource) for system, fed, resource in named if fed == entity)

    def cleaned(self, system: str) -> "Catalogue":
        """The same revision, in which this system has left nothing behind."""
        tenure = self.tenure.without(system)
        return Catalogue(
            self.manifests.values(), self.revision, self._mapping_revisions, tenure, versions_from=self.versions_from
        )

    def entities(self) -> list[str]:
        """Every entity that anybody publishes or subscribes to."""
        return sorted({entity for m in self.manifests.values() for entity in (*m.publishes, *m.subscribes)})

    def publishers(self, entity: str) -> list[str]:
        """Systems that publish the entity."""
        return [system for system, manifest in self.manifests.items() if entity in manifest.publishes]

    def subscribers(self, entity: str) -> list[str]:
        """Systems that subscribe to the entity."""
        return [system for system, manifest in self.manifests.items() if entity in manifest.subscribes]

    def publications(self, system: str, entity: str) -> list[Publication]:
        """Empty where the system does not publish the entity."""
        return self.manifest(system).publishes.get(entity, [])

    def subscription(self, system: str, entity: str) -> Subscription | None:
        """None where the system does not subscribe to the entity."""
        return self.manifest(system).subscribes.get(entity)

    def order(self, entity: str, field: str) -> tuple[str, ...]:
        """Publishers of the field: its owner first, then owners of existence, then the others."""
        return self._orders.get((entity, field), ())

    def existence_owners(self, entity: str) -> tuple[str, ...]:
        """Systems that say whether the entity exists; empty where nobody owns that and any claim makes it exist."""
        return self._owners.get((entity, EXISTENCE), ())

    def births(self, entity: str) -> tuple[str, ...]:
        """Systems whose rows make an entity exist as long as no owner of existence has spoken of it."""
        return self._owners.get((entity, BIRTH), ())

    def to_json(self) -> bytes:
        """For the topic `catalogue`. Secrets are references, as in the manifests."""
        body = {
            "format": FORMAT,
            "revision": self.revision,
            "mapping_revisions": self._mapping_revisions,
            "manifests": [manifest.dumped() for manifest in self.manifests.values()],
            "tenure": self.tenure.dumped(),
            "versions_from": self.versions_from,
        }
        return json.dumps(body, ensure_ascii=False).encode()

    @classmethod
    def from_json(cls, data: bytes) -> "Catalogue":
        """What `to_json` wrote. Raises CatalogueError."""
        try:
            body: dict[str, Any] = json.loads(data)
            if refused := newer("the catalogue", found=int(body["format"]) if "format" in body else 1, known=FORMAT):
                raise CatalogueError(f"reading the catalogue: {refused}")
            manifests = [Manifest.model_validate(manifest) for manifest in body["manifests"]]
            tenure, versions_from = Tenure.read(body.get("tenure", {})), int(body.get("versions_from", 0))
            return cls(manifests, body["revision"], body["mapping_revisions"], tenure, versions_from=versions_from)
        except (ValueError, KeyError, TypeError) as error:
            fields = [str(e["loc"]) for e in error.errors()] if isinstance(error, ValidationError) else [str(error)]
            raise CatalogueError(
                f"reading the catalogue: it was written by another version ({', '.join(fields)}); run `lienthong apply`"
            ) from None

    @cached_property
    def _owners(self) -> dict[tuple[str, str], tuple[str, ...]]:
        owners: dict[tuple[str, str], tuple[str, ...]] = {}
        for system, manifest in self.manifests.items():
            for entity, publications in manifest.publishes.items():
                for field in dict.fromkeys(name for publication in publications for name in publication.owns):
                    owners[entity, field] = (*owners.get((entity, field), ()), system)
        return owners

    @cached_property
    def _orders(self) -> dict[tuple[str, str], tuple[str, ...]]:
        return {
            (entity, field): tuple(sorted(self._field_publishers(entity, field), key=self._rank(entity, field)))
            for entity in self.entities()
            for field in compose.entity_fields(entity)
        }

    def _field_publishers(self, entity: str, field: str) -> list[str]:
        return [
            system
            for system in self.publishers(entity)
            if any(field in publication.fields for publication in self.manifests[system].publishes[entity])
        ]

    def _rank(self, entity: str, field: str) -> Any:
        owners, existence = self._owners.get((entity, field), ()), self.existence_owners(entity)
        return lambda system: (system not in owners, system not in existence, system)


def compile_catalogue(
    manifests: Iterable[Manifest], revision: int, *, previous: Catalogue | None = None, versions_from: int = 0
) -> Catalogue:
    """A catalogue of checked manifests. A system that stands unchanged in `previous` keeps its mapping revision.

    `versions_from` counts where there is no `previous`.
    """
    listed = list(manifests)
    revisions = {manifest.system: _mapping_revision(manifest, revision, previous) for manifest in listed}
    now = {manifest.system: manifest for manifest in listed}
    before, tenure = (previous.manifests, previous.tenure) if previous else ({}, Tenure())
    versions_from = previous.versions_from if previous else versions_from
    followed = follow(before, tenure, now, revision=revision)
    return Catalogue(listed, revision, revisions, followed, versions_from=versions_from)


def _mapping_revision(manifest: Manifest, revision: int, previous: Catalogue | None) -> int:
    if previous is None or previous.manifests.get(manifest.system) != manifest:
        return revision
    return previous.mapping_revision(manifest.system)
