"""Short digests that change when, and only when, what was done by the words of a manifest must be done again."""

import json
from hashlib import blake2b
from typing import Any

from schemas.catalogue import Catalogue


def of_publications(catalogue: Catalogue, system: str) -> str:
    """Of how a system's rows become claims: another one, and its tables are to be read anew.

    Authority (`owns`) is no part of it: that is weighed again without asking the system.
    """
    publishes = catalogue.manifest(system).publishes
    said = {
        entity: [
            catalogue.since(system, "publishes", entity),
            [publication.model_dump(mode="json", by_alias=True, exclude={"owns"}) for publication in publications],
        ]
        for entity, publications in publishes.items()
    }
    return _digest(said)


def of_subscription(catalogue: Catalogue, system: str, entity: str) -> str:
    """Of how golden records become the system's rows: another one, and every record is to be sent again.

    The filter is no part of it: who is in scope is decided record by record.
    """
    subscription = catalogue.manifest(system).subscribes[entity]
    mapped = subscription.model_dump(mode="json", by_alias=True, include={"into", "key", "fields"})
    return _digest([catalogue.since(system, "subscribes", entity), mapped])


def _digest(said: Any) -> str:
    text = json.dumps(said, ensure_ascii=False, sort_keys=True)
    return blake2b(text.encode(), digest_size=8).hexdigest()
