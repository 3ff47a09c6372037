"""Names of what we create in the source database: one slot and one publication a system."""

from hashlib import blake2b
from typing import Final

#: PostgreSQL cuts longer names.
_LONGEST: Final = 63


def of_system(system: str) -> str:
    """`lienthong_<system>`, for the slot and for the publication, where the manifest gives no name."""
    name = f"lienthong_{system}"
    if len(name) <= _LONGEST:
        return name
    return f"{name[: _LONGEST - 9]}_{blake2b(name.encode(), digest_size=4).hexdigest()}"
