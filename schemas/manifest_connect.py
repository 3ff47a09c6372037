"""Checks of a manifest's `connect:` block: the kind, its settings, and that no secret is written out."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from pydantic import BaseModel, ValidationError

from schemas.manifest import OWN, Manifest
from schemas.manifest_faults import Objection, Path, nearest
from schemas.secret_references import REFERENCE

_BYREFERENCE = "put it in a file of the secrets folder and write ${file:name}"
_SECRET_NAMES: Final = re.compile(r"(password|passwd|pwd|secret|token|api_?key|private_?key)$", re.IGNORECASE)
_SECRET_WITHIN: Final = (
    re.compile(r"(?:password|passwd|pwd)\s*=\s*(?P<secret>[^\s;&]+)", re.IGNORECASE),
    re.compile(r"://[^/\s:@]*:(?P<secret>[^@\s]+)@"),
)


@dataclass(frozen=True)
class Kinds:
    """The kinds of systems that exist here, each with the model of its `connect:` block.

    The model of a sink that can update the system's own rows and nothing else says so: `own_rows: ClassVar = True`.
    """

    sources: Mapping[str, type[BaseModel]] = field(default_factory=dict)
    sinks: Mapping[str, type[BaseModel]] = field(default_factory=dict)


def check_connect(manifest: Manifest, kinds: Kinds) -> Iterator[Objection]:
    """What is wrong with `connect`; values of settings are never told."""
    yield from _check_secrets(manifest.connect, ("connect",))
    if manifest.kind not in kinds.sources and manifest.kind not in kinds.sinks:
        known = {*kinds.sources, *kinds.sinks}
        yield Objection(("connect", "kind"), f"unknown kind `{manifest.kind}`", nearest(manifest.kind, known))
        return
    if manifest.publishes and manifest.kind not in kinds.sources:
        remedy = nearest(manifest.kind, kinds.sources)
        yield Objection(("publishes",), f"kind `{manifest.kind}` can only be written to", remedy)
    if manifest.subscribes and manifest.kind not in kinds.sinks:
        remedy = nearest(manifest.kind, kinds.sinks)
        yield Objection(("subscribes",), f"kind `{manifest.kind}` can only be read from", remedy)
    yield from _check_own_rows(manifest, kinds)
    yield from _check_settings(manifest, kinds)


def _check_own_rows(manifest: Manifest, kinds: Kinds) -> Iterator[Objection]:
    model = kinds.sinks.get(manifest.kind)
    if model is None or getattr(model, "own_rows", False):
        return
    for entity, subscription in manifest.subscribes.items():
        if subscription.key.kind == OWN:
            path = ("subscribes", entity, "key", subscription.key.column)
            message = f"kind `{manifest.kind}` cannot update the system's own rows, which `{OWN}` asks for"
            yield Objection(path, message, "name an identifier, e.g. `citizen_id`, or `key`")


def _check_settings(manifest: Manifest, kinds: Kinds) -> Iterator[Objection]:
    models = [by_kind[manifest.kind] for by_kind in (kinds.sources, kinds.sinks) if manifest.kind in by_kind]
    # One block serves the source and the sink: a setting is unknown only where neither knows it.
    known = {alias for model in models for name, info in model.model_fields.items() for alias in (name, info.alias)}
    open_ended = any(model.model_config.get("extra") == "allow" for model in models)
    for name in manifest.connect:
        if name != "kind" and name not in known and not open_ended:
            remedy = nearest(name, (word for word in known if word and word != "kind"))
            yield Objection(("connect", name), f"unknown setting `{name}` of kind `{manifest.kind}`", remedy)
    needed = [
        by_kind[manifest.kind]
        for used, by_kind in ((manifest.publishes, kinds.sources), (manifest.subscribes, kinds.sinks))
        if used and manifest.kind in by_kind
    ]
    yield from dict.fromkeys(objection for model in needed for objection in _refusals(model, manifest.connect))


def _refusals(model: type[BaseModel], connect: dict[str, Any]) -> Iterator[Objection]:
    words = {info.alias or name for name, info in model.model_fields.items()} | set(model.model_fields)
    try:
        model.model_validate({name: value for name, value in connect.items() if name in words})
    except ValidationError as error:
        for found in error.errors(include_input=True, include_url=False):
            name = str(found["loc"][0]) if found["loc"] else "connect"
            if found["type"] == "missing":
                yield Objection(("connect", name), f"setting `{name}` is missing", f"add `{name}:` to `connect`")
            elif not REFERENCE.search(str(found["input"])):  # what it refers to is only known at run time
                yield Objection(("connect", *found["loc"]), f"setting `{name}`: {found['msg']}", "correct it")


def _check_secrets(value: Any, path: Path) -> Iterator[Objection]:
    if isinstance(value, dict):
        for name, part in value.items():
            yield from _check_secrets(part, (*path, name))
    elif isinstance(value, list):
        for index, part in enumerate(value):
            yield from _check_secrets(part, (*path, index))
    elif isinstance(value, str):
        yield from _check_text(value, path)


def _check_text(value: str, path: Path) -> Iterator[Objection]:
    rest = REFERENCE.sub("\0", value)
    if "${" in rest:
        yield Objection(
            path, "a malformed reference", "write ${file:name} or ${env:NAME}, the name of letters and digits"
        )
    elif _SECRET_NAMES.search(str(path[-1])) and rest.strip("\0 "):
        yield Objection(path, f"`{path[-1]}` is a secret written out: by reference only", _BYREFERENCE)
    elif any((found := pattern.search(rest)) and found["secret"].strip("\0") for pattern in _SECRET_WITHIN):
        yield Objection(path, f"`{path[-1]}` holds a password written out: by reference only", _BYREFERENCE)
