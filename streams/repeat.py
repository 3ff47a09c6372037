"""The request that systems be sent the present state of a key once more: a forward of the kind `repeat`.

Only the owner of a key speaks of it to subscribers, so whoever finds that one does not show what it should asks the
owner; nobody writes beside the sink. What is sent is the truth at that time, as a version of its own.
"""

import time
from collections.abc import Sequence
from typing import Final

from schemas.records import Forward

#: Whose change it is: nobody's in the city.
_ORIGIN: Final = "lienthong"


def repeat(systems: Sequence[str]) -> Forward:
    """For `identify.<entity>`, keyed by the key in question. Each request is an event of its own."""
    now = time.time_ns() // 1000
    return {
        "kind": "repeat",
        "formerly": "",
        "target": None,
        "claims": [],
        "version": 0,
        "renamed": [*systems],
        "change": None,
        "event_id": f"{_ORIGIN}/repeat/1/{now:x}/0",
        "source_time": now,
        "hops": 0,
        "link": None,
        "revision": 0,
        "after": None,
        "complete": False,
    }
