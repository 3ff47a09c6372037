"""How often a process looks for garbage in circles."""

import gc
from typing import Final

#: New objects between two looks. Those of a batch live until it is over, are more than ten thousand, and in no circle.
_AFTER: Final = 100_000


def look_rarely() -> None:
    """To be called once, when the process is set up: what is there now stays, and is never looked at again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_AFTER, 20, 20)
