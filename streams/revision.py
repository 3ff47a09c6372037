"""Which catalogue a partition has been worked by: kept in its state, so that no older one works on it again.

It is a state record like any other, without an entity, so that it is recovered together with the states that it guards.
"""

from typing import Final, NamedTuple

from schemas.records import EntityState
from streams.merge import unknown

#: No entity key is this: those name a kind or a system.
REVISION_KEY: Final = "revision@"


class Worked(NamedTuple):
    """`revision`: the newest catalogue by which records of the partition were worked.

    `marker`: the newest catalogue whose marker the partition has met; its states are being looked at again, or were.
    """

    revision: int = 0
    marker: int = 0


def revision_record(worked: Worked) -> EntityState:
    """As a state."""
    return {**unknown(REVISION_KEY), "revision": worked.revision, "version": worked.marker}


def worked_in(state: EntityState | None) -> Worked:
    """What a state record says; nothing where there is none."""
    return Worked() if state is None else Worked(state["revision"], state["version"])
