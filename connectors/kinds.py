"""Which kinds there are: the names of the files in `connectors/sources` and `connectors/sinks`."""

import pkgutil
from pathlib import Path
from typing import Literal

import connectors

Role = Literal["sources", "sinks"]


def kinds(role: Role) -> list[str]:
    """Names as a manifest's `connect: kind` spells them. Folders beside the files are parts, not kinds."""
    folder = Path(connectors.__path__[0]) / role
    return sorted(found.name for found in pkgutil.iter_modules([str(folder)]) if not found.ispkg)
