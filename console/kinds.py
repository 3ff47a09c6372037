"""The kinds of systems that exist here: the files of connectors/sources and connectors/sinks, found by name."""

import importlib
from contextlib import suppress
from types import ModuleType
from typing import cast

from pydantic import BaseModel

from connectors.contract import Sink, Source
from connectors.kinds import Role, kinds
from console.errors import ConsoleError
from schemas.manifest import Manifest
from schemas.manifest_connect import Kinds
from schemas.secret_references import resolve
from schemas.settings import Settings


def known_kinds() -> Kinds:
    """Every kind whose extra is installed, with the model of its `connect:` block."""
    return Kinds(sources=_connects("sources", "source"), sinks=_connects("sinks", "sink"))


def _connects(role: Role, maker: str) -> dict[str, type[BaseModel]]:
    found: dict[str, type[BaseModel]] = {}
    for kind in kinds(role):
        with suppress(ImportError):  # its extra is not installed: to this machine there is no such kind
            module = _module(role, kind)
            if hasattr(module, maker):
                found[kind] = module.Connect
    return found


def _module(role: Role, kind: str) -> ModuleType:
    return importlib.import_module(f"connectors.{role}.{kind}")


def open_source(manifest: Manifest, settings: Settings) -> Source:
    """The source of a system, secrets resolved, not yet connected. Raises ConsoleError or SecretMissing."""
    return cast(Source, _kind("sources", manifest).source(_resolved(manifest, settings), settings))


def open_sink(manifest: Manifest, settings: Settings) -> Sink:
    """The sink of a system, likewise."""
    return cast(Sink, _kind("sinks", manifest).sink(_resolved(manifest, settings), settings))


def forget(role: Role, manifest: Manifest, settings: Settings) -> str:
    """Have a kind remove, at a system that is there no more, what it keeps there beside rows; what that was, in words,
    empty where it keeps nothing. Raises ConsoleError, SecretMissing, and what the kind raises."""
    forgets = getattr(_kind(role, manifest), "forget", None)
    return str(forgets(_resolved(manifest, settings), settings)) if forgets is not None else ""


def _kind(role: Role, manifest: Manifest) -> ModuleType:
    try:
        return _module(role, manifest.kind)
    except ImportError as error:
        raise ConsoleError(
            f"opening {manifest.system}: kind {manifest.kind} cannot be loaded ({error}); install the extra of its name"
        ) from error


def _resolved(manifest: Manifest, settings: Settings) -> Manifest:
    return manifest.model_copy(update={"connect": resolve(manifest.connect, folder=settings.secrets)})
