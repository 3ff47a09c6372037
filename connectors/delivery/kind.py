"""Makes the sink of a manifest, or what reads its target back, by the name of its kind."""

from importlib import import_module
from types import ModuleType
from typing import Any

from pydantic import ValidationError

from connectors.contract import Readable, Sink
from connectors.kinds import kinds
from schemas.manifest import Manifest
from schemas.secret_references import SecretMissing, resolve
from schemas.settings import Settings


class CannotStart(Exception):  # noqa: N818 - reads as what happened
    """Says what to correct before this process is started again."""


def make_sink(manifest: Manifest, settings: Settings) -> Sink:
    """A sink that is not open yet. Raises CannotStart."""
    sink: Sink = _made(manifest, settings, "sink")
    return sink


def can_be_read_back(manifest: Manifest) -> bool:
    """Whether its kind offers that. Raises CannotStart."""
    return hasattr(_module(manifest), "readable")


def make_readable(manifest: Manifest, settings: Settings) -> Readable:
    """What reads the target back, where its kind offers that. Raises CannotStart."""
    readable: Readable = _made(manifest, settings, "readable")
    return readable


def _made(manifest: Manifest, settings: Settings, function: str) -> Any:
    """What the kind's function makes of the manifest with its secrets."""
    make = getattr(_module(manifest), function)
    try:
        connect = resolve(manifest.connect, folder=settings.secrets)
        return make(manifest.model_copy(update={"connect": connect}), settings)
    except SecretMissing as error:
        raise CannotStart(f"{manifest.system}: {error}") from error
    except ImportError as error:
        raise _lacks(manifest, error) from error
    except ValidationError as error:
        # Without the input: it holds the secrets.
        wrong = [f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors(include_input=False)]
        raise CannotStart(f"{manifest.system}: correct `connect`: {'; '.join(wrong)}") from None


def _module(manifest: Manifest) -> ModuleType:
    known = kinds("sinks")
    if manifest.kind not in known:
        raise CannotStart(f"{manifest.system}: no sink of kind {manifest.kind!r}; there are {', '.join(known)}")
    try:
        return import_module(f"connectors.sinks.{manifest.kind}")
    except ImportError as error:
        raise _lacks(manifest, error) from error


def _lacks(manifest: Manifest, error: ImportError) -> CannotStart:
    kind = manifest.kind
    return CannotStart(f"{manifest.system}: kind {kind} needs {error.name}; pip install lienthong[{kind}]")
