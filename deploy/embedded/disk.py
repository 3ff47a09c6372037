"""Room on the disk, checked before something is written."""

import shutil
from pathlib import Path

from deploy.embedded.errors import DiskSpaceError

_SPARE = 100_000_000


def ensure_room(directory: Path, *, needed: int, what: str) -> None:
    """Raise DiskSpaceError unless ``needed`` bytes, and a little more, fit into ``directory``."""
    free = shutil.disk_usage(directory).free
    if free < needed + _SPARE:
        raise DiskSpaceError(
            f"{what}: {(needed + _SPARE) / 1e6:.0f} MB are needed in {directory} and {free / 1e6:.0f} MB are free; "
            "make room, or set LIENTHONG_CACHE or LIENTHONG_DATA to a directory on another disk"
        )
