"""What the next catalogue changes, told before it is: what is made, looked at again, read anew, taken away."""

from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from schemas.catalogue import Catalogue
from schemas.manifest import Manifest
from schemas.tenure import forms, part
from schemas.topics import raw, to

_SIGNS: Final = {"made": "[green]+[/]", "changed": "[yellow]~[/]", "removed": "[red]-[/]"}
_PUBLISHES, _SUBSCRIBES = "publishes", "subscribes"


class Difference(NamedTuple):
    """`kind`: made, changed or removed. `follows`: what happens for it."""

    kind: str
    system: str
    what: str
    follows: str

    def told(self) -> str:
        """One line for the screen."""
        return f"  {_SIGNS[self.kind]} {self.system} {self.what}: {self.follows}"


def differences(before: Catalogue | None, after: Catalogue) -> list[Difference]:
    """By system; what was left behind earlier and is not cleaned up yet stands at the end."""
    was: Mapping[str, Manifest] = before.manifests if before else {}
    found = [each for system in sorted({*was, *after.manifests}) for each in _of(system, was, after.manifests)]
    return [*found, *_left(after, {(each.system, each.what) for each in found})]


def is_removing(found: list[Difference]) -> bool:
    """Whether anything is taken away that is there now."""
    return any(each.kind == "removed" for each in found)


def touched(before: Catalogue | None, after: Catalogue) -> list[str]:
    """Entities whose every record is to be looked at again: who speaks of it, decides on it or receives it changed."""
    if before is None:
        return []
    known = before.entities()
    return [entity for entity in known if _said(before.manifests, entity) != _said(after.manifests, entity)]


def _said(manifests: Mapping[str, Manifest], entity: str) -> list[Any]:
    return [
        (system, manifest.publishes.get(entity), manifest.subscribes.get(entity))
        for system, manifest in sorted(manifests.items())
        if entity in manifest.publishes or entity in manifest.subscribes
    ]


def _of(system: str, was: Mapping[str, Manifest], now: Mapping[str, Manifest]) -> list[Difference]:
    old, new = was.get(system), now.get(system)
    found = list(_parted(system, old, new))
    if not found and old != new:
        return [Difference("changed", system, "says something else of itself", "nothing that is carried changes")]
    return found


def _parted(system: str, old: Manifest | None, new: Manifest | None) -> Iterator[Difference]:
    for role, made, gone in ((_PUBLISHES, _publishes, _publishes_no_more), (_SUBSCRIBES, _receives, _receives_no_more)):
        there, here = _parts(old, role), _parts(new, role)
        for entity in sorted({*there, *here}):
            if entity not in there:
                yield made(system, entity)
            elif entity not in here:
                yield gone(system, entity)
            elif there[entity] != here[entity] and old is not None and new is not None:
                yield from _changed(old, new, role, entity)
    if old is not None and new is not None and old.connect != new.connect:
        yield Difference("changed", system, "is reached in another way", "its connectors start again")


def _parts(manifest: Manifest | None, role: str) -> Mapping[str, Any]:
    return getattr(manifest, role) if manifest is not None else {}


def _publishes(system: str, entity: str) -> Difference:
    follows = f"topic {raw(system, entity)} is made, its tables are read whole; start its source where nobody does"
    return Difference("made", system, f"publishes {entity}", follows)


def _receives(system: str, entity: str) -> Difference:
    follows = (
        f"topic {to(system, entity)} is made, every {entity} in its scope is sent, while changes flow; start its sink "
        "where nobody does"
    )
    return Difference("made", system, f"receives {entity}", follows)


def _publishes_no_more(system: str, entity: str) -> Difference:
    follows = (
        f"all that it says of {entity} is taken back; topic {raw(system, entity)} is deleted once it is worked off, "
        "and with the last one its position there (slot, publication, journal)"
    )
    return Difference("removed", system, f"publishes {entity} no more", follows)


def _receives_no_more(system: str, entity: str) -> Difference:
    follows = f"topic {to(system, entity)} and its position are deleted; the rows that it has been given stay"
    return Difference("removed", system, f"receives {entity} no more", follows)


def _changed(old: Manifest, new: Manifest, role: str, entity: str) -> Iterator[Difference]:
    same_form = forms(old)[part(old.system, role, entity)] == forms(new)[part(new.system, role, entity)]
    if role == _PUBLISHES and same_form:
        yield Difference("changed", new.system, f"owns other fields of {entity}", f"every {entity} is looked at again")
    elif role == _PUBLISHES:
        yield Difference("changed", new.system, f"publishes {entity} in another form", "its tables are read anew")
    elif not same_form:
        follows = f"every {entity} in its scope is sent again"
        yield Difference("changed", new.system, f"receives {entity} in another form", follows)
    elif old.subscribes[entity].where != new.subscribes[entity].where:
        follows = f"every {entity} is looked at again: who enters is sent, who leaves is deleted there"
        yield Difference("changed", new.system, f"receives other {entity} records", follows)


def _left(after: Catalogue, told: set[tuple[str, str]]) -> Iterator[Difference]:
    for system, manifest in after.tenure.leaving.items():
        gone = [_publishes_no_more(system, entity) for entity in manifest.publishes]
        gone += [_receives_no_more(system, entity) for entity in manifest.subscribes]
        yield from (each for each in gone if (each.system, each.what) not in told)
