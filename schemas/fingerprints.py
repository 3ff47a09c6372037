"""Short digests that change when, and only when, what was done by the words of a manifest must be done again."""

import json
from hashlib import blake2b
from typing import Any, Literal

from schemas.catalogue import Catalogue
from schemas.tenure import forms, part


def of_publications(catalogue: Catalogue, system: str) -> str:
    """Of how a system's rows become claims: another one, and its tables are to be read anew.

    A form that was left and taken again is another one: rows may have been read by the one between.
    """
    return _digest([_dated(catalogue, system, "publishes", e) for e in sorted(catalogue.manifest(system).publishes)])


def of_subscription(catalogue: Catalogue, system: str, entity: str) -> str:
    """Of how golden records become the system's rows: another one, and every record is to be sent again."""
    return _digest(_dated(catalogue, system, "subscribes", entity))


def of_connector(catalogue: Catalogue, system: str, role: Literal["publishes", "subscribes"]) -> str | None:
    """Of all that one connector works by: another one, and it starts again. None: it has nothing to do."""
    manifest = catalogue.manifests.get(system)
    entities = sorted(getattr(manifest, role)) if manifest else []
    if manifest is None or not entities:
        return None
    return _digest([manifest.connect, [_dated(catalogue, system, role, entity) for entity in entities]])


def _dated(catalogue: Catalogue, system: str, role: str, entity: str) -> list[Any]:
    form = forms(catalogue.manifest(system))[part(system, role, entity)]
    return [entity, catalogue.since(system, role, entity), form]


def _digest(said: Any) -> str:
    text = json.dumps(said, ensure_ascii=False, sort_keys=True)
    return blake2b(text.encode(), digest_size=8).hexdigest()
