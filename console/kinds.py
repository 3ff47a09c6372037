"""The kinds of systems that exist here: the files of connectors/sources and connectors/sinks, found by name."""

import importlib
import pkgutil
from types import ModuleType
from typing import Literal, cast

from connectors import sinks, sources
from connectors.contract import Sink, Source
from console.errors import ConsoleError
from schemas.manifest import Manifest
from schemas.manifest_connect import Kinds
from schemas.secret_references import resolve
from schemas.settings import Settings


def known_kinds() -> Kinds:
    """Every kind whose extra is installed, with the model of its `connect:` block."""
    return Kinds(
        sources={name: module.Connect for name, module in _modules(sources, "source").items()},
        sinks={name: module.Connect for name, module in _modules(sinks, "sink").items()},
    )


def _modules(package: ModuleType, maker: Literal["source", "sink"]) -> dict[str, ModuleType]:
    found: dict[str, ModuleType] = {}
    for info in (each for each in pkgutil.iter_modules(package.__path__) if not each.ispkg):
        try:
            module = importlib.import_module(f"{package.__name__}.{info.name}")
        except ImportError:
            continue  # its extra is not installed: a manifest that names it is told so when it is opened
        if hasattr(module, maker) and hasattr(module, "Connect"):
            found[info.name] = module
    return found


def open_source(manifest: Manifest, settings: Settings) -> Source:
    """The source of a system, secrets resolved, not yet connected. Raises ConsoleError or SecretMissing."""
    return cast(Source, _kind("sources", manifest).source(_resolved(manifest, settings), settings))


def open_sink(manifest: Manifest, settings: Settings) -> Sink:
    """The sink of a system, likewise."""
    return cast(Sink, _kind("sinks", manifest).sink(_resolved(manifest, settings), settings))


def _kind(folder: Literal["sources", "sinks"], manifest: Manifest) -> ModuleType:
    try:
        return importlib.import_module(f"connectors.{folder}.{manifest.kind}")
    except ImportError as error:
        raise ConsoleError(
            f"opening {manifest.system}: kind {manifest.kind} cannot be loaded ({error}); install the extra of its name"
        ) from error


def _resolved(manifest: Manifest, settings: Settings) -> Manifest:
    return manifest.model_copy(update={"connect": resolve(manifest.connect, folder=settings.secrets)})
