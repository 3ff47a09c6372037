"""What the faults of a campaign work upon: the city, its officers, one chance for all decisions, and what was done."""

import random
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import TypeAlias

from tests.chaos.rig import RiggedCity
from tests.chaos.shift import Shift
from tests.integration.small_disk import SmallDisk

#: Topic, partition, offset.
Origin: TypeAlias = tuple[str, int, int]


@dataclass
class Yard:
    """`longest`: seconds that something may stand still or be cut off.

    `disk`: where one of the targets has its tables; None where this machine does not allow one.
    """

    city: RiggedCity
    shift: Shift
    chance: random.Random
    longest: float
    disk: SmallDisk | None = None
    #: Faults by name.
    done: Counter[str] = field(default_factory=Counter)
    #: Names of the poisons that were given, and where they stand: each must be found among the dead letters.
    poisons: set[str] = field(default_factory=set)
    buried: set[Origin] = field(default_factory=set)
    #: Changes that nobody can read until their table is as it was: no more dead letters than these are allowed beside.
    parked: int = 0

    def wait(self) -> None:
        """As long as a trouble lasts: from a twelfth of the longest on."""
        time.sleep(self.chance.uniform(self.longest / 12, self.longest))

    def count(self, name: str, number: int = 1) -> None:
        """So many were done."""
        self.done[name] += number
