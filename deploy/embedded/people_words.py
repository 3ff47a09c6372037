"""Names and other words of made-up people, with their frequencies, from deploy/hanoi/sample/people.yaml."""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import accumulate
from random import Random
from typing import Any, Final, Generic, TypeVar

from ruamel.yaml import YAML

T = TypeVar("T")
_FIRST_TO_LAST: Final = 2027  # births are spread over the years up to here


class Choice(Generic[T]):
    """One of several values, each as often as its weight says."""

    def __init__(self, weights: Mapping[T, float]) -> None:
        self._values = list(weights)
        self._heights = list(accumulate(weights.values()))

    def pick(self, dice: Random) -> T:
        """One value; takes one throw."""
        return dice.choices(self._values, cum_weights=self._heights)[0]


@cache
def sample(name: str) -> dict[str, Any]:
    """A file of deploy/hanoi/sample."""
    text = files("deploy").joinpath("hanoi", "sample", f"{name}.yaml").read_text(encoding="utf-8")
    read: dict[str, Any] = YAML(typ="safe", pure=True).load(text)
    return read


@dataclass(frozen=True)
class _Given:
    middle: Choice[str]
    given: Choice[str]


@dataclass(frozen=True)
class Words:
    """What names and the rest are picked from."""

    families: Choice[str]
    #: (last year, sex -> names), oldest first.
    generations: list[tuple[int, dict[str, _Given]]]
    births: Choice[int]
    ethnicities: Choice[str]
    notes: Choice[str]

    @classmethod
    def load(cls) -> "Words":
        """From the sample's file."""
        read = sample("people")
        generations = [
            (
                generation["until"],
                {
                    sex: _Given(Choice(generation[sex]["middle"]), Choice(generation[sex]["given"]))
                    for sex in ("male", "female")
                },
            )
            for generation in read["generations"]
        ]
        return cls(
            families=Choice(read["family_names"]),
            generations=generations,
            births=Choice(_by_year(read["births"])),
            ethnicities=Choice(read["ethnicities"]),
            notes=Choice(dict.fromkeys(read["notes"], 1)),
        )

    def name(self, dice: Random, sex: str, year: int) -> str:
        """Family, middle and given name as parents chose them in that year."""
        names = next(by_sex for until, by_sex in self.generations if year <= until)[sex]
        middle, given = names.middle.pick(dice), names.given.pick(dice)
        while given == middle:
            given = names.given.pick(dice)
        return " ".join(filter(None, (self.families.pick(dice), middle, given)))

    def in_pieces(self, name: str) -> str:
        """The same name with its marks as characters of their own, as some programs write it."""
        return unicodedata.normalize("NFD", name)


def _by_year(births: dict[int, float]) -> dict[int, float]:
    starts = sorted(births)
    ends = [*starts[1:], _FIRST_TO_LAST]
    return {
        year: births[start] / (end - start)
        for start, end in zip(starts, ends, strict=True)
        for year in range(start, end)
    }
