"""The kinds of systems that exist here: the files of connectors/sources and connectors/sinks, found by name."""

import importlib
from collections.abc import Iterator, Mapping
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
    return Kinds(sources=_Connects("sources", "source"), sinks=_Connects("sinks", "sink"))


class _Connects(Mapping[str, type[BaseModel]]):
    """Of one role. A kind is imported when somebody asks for it: their drivers take long."""

    def __init__(self, role: Role, maker: str) -> None:
        self._role = role
        self._maker = maker

    def __getitem__(self, kind: str) -> type[BaseModel]:
        if kind not in kinds(self._role):
            raise KeyError(kind)
        try:
            module = _module(self._role, kind)
        except ImportError:  # its extra is not installed: to this machine there is no such kind
            raise KeyError(kind) from None
        if not hasattr(module, self._maker):
            raise KeyError(kind)
        found: type[BaseModel] = module.Connect
        return found

    def __iter__(self) -> Iterator[str]:
        return (kind for kind in kinds(self._role) if kind in self)

    def __len__(self) -> int:
        return sum(1 for _ in self)


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
