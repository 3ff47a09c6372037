"""Stand-ins for the broken parts of a manifest, so that the rest of it is checked in the same run.

A salvaged manifest is only for checking: nothing may ever run from it.
"""

from collections.abc import Sequence
from copy import deepcopy
from typing import Any, Final

from pydantic import ValidationError

from schemas.manifest import Manifest
from schemas.manifest_faults import Path

#: Stands where a name is missing.
UNKNOWN: Final = "?"
_ROUNDS: Final = 12


def salvage(value: Any, errors: Sequence[Any], *, system: str) -> Manifest | None:
    """As much of `value` as can be a Manifest, given what pydantic said of it; None where nothing can be made of it."""
    if not isinstance(value, dict):
        return None
    rest = deepcopy(value)
    for _ in range(_ROUNDS):
        for error in sorted(errors, key=lambda error: error["type"] != "extra_forbidden"):
            if error["type"] == "extra_forbidden":
                _delete(rest, tuple(error["loc"]))
            else:
                _mend(rest, tuple(error["loc"]), system=system)
        try:
            return Manifest.model_validate(rest)
        except ValidationError as again:
            errors = again.errors()
    return None


def _mend(value: dict[str, Any], path: Path, *, system: str) -> None:
    match path:
        case ("system",):
            value["system"] = system
        case ("connect", *_):
            value["connect"] = {"kind": UNKNOWN}
        case ("publishes", _, _, "fields", _, "from" | "column"):
            _set(value, path[:5], {"from": UNKNOWN})
        case ("publishes", _, _, "key", *_):
            _set(value, path[:4], {"else": UNKNOWN})
        case ("subscribes", _, "key", *_):
            _set(value, path[:3], {UNKNOWN: "key"})
        case ("publishes", _, _, "from") | ("subscribes", _, "into" | "purpose"):
            _set(value, path, UNKNOWN)
        case _:
            _remove(value, path)


def _parent(value: Any, path: Path) -> Any:
    """What holds the last step of `path`. A single publication stands without its list in the file."""
    for step in path[:-1]:
        if _holds(value, step):
            value = value[step]
        elif not (isinstance(value, dict) and step == 0):
            return None
    return value


def _holds(value: Any, step: str | int) -> bool:
    if isinstance(value, list):
        return isinstance(step, int) and step < len(value)
    return isinstance(value, dict) and step in value


def _set(value: Any, path: Path, stand_in: Any) -> None:
    parent = _parent(value, path)
    if isinstance(parent, dict):
        parent[path[-1]] = stand_in


def _remove(value: Any, path: Path) -> None:
    """The nearest thing on the way to `path` that is there."""
    while path and not _delete(value, path):
        path = path[:-1]


def _delete(value: Any, path: Path) -> bool:
    """What stands at `path`; False where nothing does."""
    parent = _parent(value, path)
    if not _holds(parent, path[-1]):
        return False
    del parent[path[-1]]
    return True
