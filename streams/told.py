"""Who told what a record says."""

from typing import NamedTuple


class Told(NamedTuple):
    """As far as it can be read; `time` in microseconds since 1970. `publisher`: the system whose topic it came through,
    where that is known to be one."""

    system: str
    event_id: str
    time: int
    publisher: str = ""
