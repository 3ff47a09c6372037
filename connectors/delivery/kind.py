"""Makes the sink of a manifest, by the name of its kind."""

from importlib import import_module

from pydantic import ValidationError

from connectors.contract import Sink
from connectors.kinds import kinds
from schemas.manifest import Manifest
from schemas.secret_references import SecretMissing, resolve
from schemas.settings import Settings


class CannotStart(Exception):  # noqa: N818 - reads as what happened
    """Says what to correct before this process is started again."""


def make_sink(manifest: Manifest, settings: Settings) -> Sink:
    """A sink that is not open yet. Raises CannotStart."""
    known = kinds("sinks")
    if manifest.kind not in known:
        raise CannotStart(f"{manifest.system}: no sink of kind {manifest.kind!r}; there are {', '.join(known)}")
    try:
        connect = resolve(manifest.connect, folder=settings.secrets)
        made = import_module(f"connectors.sinks.{manifest.kind}").sink(
            manifest.model_copy(update={"connect": connect}), settings
        )
    except SecretMissing as error:
        raise CannotStart(f"{manifest.system}: {error}") from error
    except ImportError as error:
        raise CannotStart(
            f"{manifest.system}: kind {manifest.kind} needs {error.name}; pip install lienthong[{manifest.kind}]"
        ) from error
    except ValidationError as error:
        # Without the input: it holds the secrets.
        wrong = [f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors(include_input=False)]
        raise CannotStart(f"{manifest.system}: correct `connect`: {'; '.join(wrong)}") from None
    sink: Sink = made
    return sink
