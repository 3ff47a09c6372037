"""Where made-up people come from and live, from deploy/hanoi/sample."""

from dataclasses import dataclass
from random import Random
from typing import NamedTuple

from deploy.embedded.people_words import Choice, sample

#: Of ten people six live in a ward, the others in a commune.
_IN_WARDS = 0.6


class Residence(NamedTuple):
    """An address as written, and the 5-digit code of its ward or commune."""

    text: str
    ward: str


@dataclass(frozen=True)
class Origin:
    """A province of birth registration: 3 digits, its name, some of its districts."""

    code: str
    name: str
    districts: list[str]

    def place(self, dice: Random) -> str:
        """quê quán, as written."""
        return f"{dice.choice(self.districts)}, {self.name}"


@dataclass(frozen=True)
class Places:
    """What places are picked from."""

    origins: dict[str, Origin]
    codes: Choice[str]
    wards: list[tuple[str, str]]
    communes: list[tuple[str, str]]
    streets: list[str]
    hamlets: list[str]

    @classmethod
    def load(cls) -> "Places":
        """From the sample's files."""
        people, units = sample("people"), sample("units")
        listed = people["origins"]
        return cls(
            origins={code: Origin(code, about["name"], about["districts"]) for code, about in listed.items()},
            codes=Choice({code: about["weight"] for code, about in listed.items()}),
            wards=list(units["wards"].items()),
            communes=list(units["communes"].items()),
            streets=people["streets"],
            hamlets=people["hamlets"],
        )

    def origin(self, dice: Random) -> Origin:
        """A province, the more often the more people come from it."""
        return self.origins[self.codes.pick(dice)]

    def residence(self, dice: Random) -> Residence:
        """A street of a ward, or a hamlet of a commune."""
        if dice.random() < _IN_WARDS:
            code, name = dice.choice(self.wards)
            return Residence(f"{self._house(dice)} {dice.choice(self.streets)}, phường {name}, Hà Nội", code)
        code, name = dice.choice(self.communes)
        return Residence(f"Thôn {dice.choice(self.hamlets)}, xã {name}, Hà Nội", code)

    def _house(self, dice: Random) -> str:
        number = dice.randint(1, 250)
        if dice.random() < 0.45:
            return f"Số {number} ngõ {dice.randint(2, 400)} phố"
        return f"Số {number} phố"
