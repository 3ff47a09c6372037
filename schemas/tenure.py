"""Since when a system publishes or receives an entity as it does now, and what it leaves behind when it stops.

A part is one system's publishing or receiving of one entity, `dan_cu/publishes/person`. One that is taken out and put
in again is not the same part: what was known of it has to be said again.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from schemas.manifest import Manifest


@dataclass(frozen=True)
class Tenure:
    """`since`: revision in which each part took its present form; none where it was before this was kept.

    `leaving`: by system, the parts that were taken out and are not cleaned up yet, as a manifest that holds nothing
    else. `retired`: `system/entity/resource` of whatever was published once and is not now.
    """

    since: Mapping[str, int] = field(default_factory=dict)
    leaving: Mapping[str, Manifest] = field(default_factory=dict)
    retired: frozenset[str] = frozenset()

    def without(self, system: str) -> "Tenure":
        """All the same, but this system has left nothing behind."""
        return replace(self, leaving={name: found for name, found in self.leaving.items() if name != system})

    def dumped(self) -> dict[str, Any]:
        """As plain values."""
        leaving = [manifest.dumped() for manifest in self.leaving.values()]
        return {"since": dict(self.since), "leaving": leaving, "retired": sorted(self.retired)}

    @classmethod
    def read(cls, body: Mapping[str, Any]) -> "Tenure":
        """What `dumped` wrote."""
        leaving = [Manifest.model_validate(manifest) for manifest in body.get("leaving", ())]
        return cls(
            dict(body.get("since", {})), {found.system: found for found in leaving}, frozenset(body.get("retired", ()))
        )


def part(system: str, role: str, entity: str) -> str:
    """`role`: `publishes`, `subscribes` or `keeps`."""
    return f"{system}/{role}/{entity}"


def forms(manifest: Manifest) -> dict[str, Any]:
    """Every part of one system, with what its rows are read or written by.

    Authority and filter are none of it: they are weighed record by record, and nothing is read or written again.
    """
    found: dict[str, Any] = {}
    for entity, publications in manifest.publishes.items():
        said = [each.model_dump(mode="json", by_alias=True, exclude={"owns"}) for each in publications]
        found[part(manifest.system, "publishes", entity)] = said
    for entity, subscription in manifest.subscribes.items():
        mapped = subscription.model_dump(mode="json", by_alias=True, include={"into", "key", "fields"})
        found[part(manifest.system, "subscribes", entity)] = mapped
    return found


def places(manifest: Manifest) -> dict[str, Any]:
    """By part, with the role `keeps`: where one system keeps what it receives, whatever it gets of it."""
    return {
        part(manifest.system, "keeps", entity): [subscription.into, subscription.key.model_dump(mode="json")]
        for entity, subscription in manifest.subscribes.items()
    }


def follow(before: Mapping[str, Manifest], tenure: Tenure, after: Mapping[str, Manifest], *, revision: int) -> Tenure:
    """What is kept when the manifests `after` take the place of those `before`, of which `tenure` tells."""
    known = _all_forms(before)
    present = _all_forms(after)
    same = {each for each, form in present.items() if known.get(each) == form}
    since = {each: found for each, found in tenure.since.items() if each in same}
    since |= dict.fromkeys(present.keys() - same, revision)
    resources = frozenset(_resources(after.values()))
    return Tenure(
        since={each: since[each] for each in sorted(since)},
        leaving=_leaving(before, tenure.leaving, after),
        retired=(tenure.retired | frozenset(_resources(before.values()))) - resources,
    )


def _all_forms(manifests: Mapping[str, Manifest]) -> dict[str, Any]:
    return {
        each: form for manifest in manifests.values() for each, form in (forms(manifest) | places(manifest)).items()
    }


def _leaving(
    before: Mapping[str, Manifest], leaving: Mapping[str, Manifest], after: Mapping[str, Manifest]
) -> dict[str, Manifest]:
    found: dict[str, Manifest] = {}
    for system in sorted({*before, *leaving}):
        last = before.get(system) or leaving[system]
        now, earlier = after.get(system), leaving.get(system)
        gone = last.model_copy(
            update={
                "publishes": _without({**_publishes(earlier), **last.publishes}, _publishes(now)),
                "subscribes": _without({**_subscribes(earlier), **last.subscribes}, _subscribes(now)),
            }
        )
        if gone.publishes or gone.subscribes:
            found[system] = gone
    return found


def _publishes(manifest: Manifest | None) -> Mapping[str, Any]:
    return manifest.publishes if manifest else {}


def _subscribes(manifest: Manifest | None) -> Mapping[str, Any]:
    return manifest.subscribes if manifest else {}


def _without(parts: Mapping[str, Any], present: Mapping[str, Any]) -> dict[str, Any]:
    return {entity: said for entity, said in parts.items() if entity not in present}


def _resources(manifests: Iterable[Manifest]) -> Iterator[str]:
    for manifest in manifests:
        for entity, publications in manifest.publishes.items():
            for publication in publications:
                yield f"{manifest.system}/{entity}/{publication.resource}"
