"""Checks of a system that both publishes an entity and subscribes to it: it must not hear its own word as another's."""

from collections.abc import Iterator

from schemas.manifest import EXISTENCE, OWN, Manifest, Publication, Subscription
from schemas.manifest_faults import Objection, Path


def check_two_way(manifest: Manifest) -> Iterator[Objection]:
    """What is wrong between what one system says of an entity and what it wants to hear of it."""
    for entity, subscription in manifest.subscribes.items():
        path, publications = ("subscribes", entity), manifest.publishes.get(entity, [])
        owned = {word for publication in publications for word in publication.owns}
        yield from _check_owned(subscription, owned, entity, path)
        yield from _check_own_rows(subscription, publications, path)


def _check_owned(subscription: Subscription, owned: set[str], entity: str, path: Path) -> Iterator[Objection]:
    for column, mapped in subscription.fields.items():
        if mapped.field in owned:
            message = f"subscribes to `{mapped.field}`, which it owns: it would be answered with its own word"
            remedy = f"take column `{column}` out here, or `{mapped.field}` out of `owns`"
            yield Objection((*path, "fields", column), message, remedy)
    if EXISTENCE in owned and subscription.where is not None and subscription.key.kind != OWN:
        # What leaves the filter is deleted in the target, and to delete it there is to delete it everywhere.
        message = (
            f"owns the existence of `{entity}` and receives a part of it: to leave the part would be to be deleted"
        )
        yield Objection((*path, "where"), message, f"leave `where` out, or find the system's own rows: {{id: {OWN}}}")


def _check_own_rows(subscription: Subscription, publications: list[Publication], path: Path) -> Iterator[Objection]:
    if subscription.key.kind != OWN or subscription.into in {publication.resource for publication in publications}:
        return
    message = f"`{OWN}` finds the rows that this system publishes, and it publishes none from `{subscription.into}`"
    published = " or ".join(f"`{publication.resource}`" for publication in publications)
    remedy = f"write `into:` {published}" if published else "publish that table, or name an identifier or `key`"
    yield Objection((*path, "key", subscription.key.column), message, f"{remedy}")
