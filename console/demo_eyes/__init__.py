"""The demo's eyes: each looks into a system of one kind, by that kind's own protocol. One file a kind."""

from importlib import import_module
from pathlib import Path
from typing import Protocol

from console.errors import ConsoleError
from schemas.manifest import Manifest, Subscription
from schemas.records import Row
from schemas.secret_references import resolve


class Eye(Protocol):
    """Looks into what one subscription is written to. Used by one thread at a time. Raises ConsoleError."""

    def row(self, where: Row, names: list[str]) -> Row | None:
        """These columns of the row that has this value in this column, as text; None where there is none."""

    def values(self, column: str, limit: int) -> list[str] | None:
        """What stands in a column; None where there are more than `limit` rows, or where that cannot be asked."""

    def close(self) -> None: ...


def open_eye(manifest: Manifest, subscription: Subscription, *, secrets: Path) -> Eye:
    """Raises ConsoleError where the system does not answer, or is of a kind that cannot be looked into."""
    connect = resolve(manifest.connect, folder=secrets)
    try:
        module = import_module(f"{__name__}.{manifest.kind}")
    except ImportError as error:
        raise ConsoleError(
            f"looking into {manifest.system}: systems of kind {manifest.kind} cannot be looked into here ({error})"
        ) from error
    eye: Eye = module.eye(manifest.system, connect, subscription)
    return eye
