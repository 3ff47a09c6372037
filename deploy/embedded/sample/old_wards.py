"""Codes as a system writes them that has not learnt the wards of 2025-07-01."""

from functools import cache
from typing import Final

from schemas.rules.wards import Unit, old_units

#: One row in so many lies in a ward that was split, as far as there is one: who speaks old codes cannot say where.
_SPLIT: Final = 8


def old_code(ward: str, number: int) -> str:
    """The code of an old unit that went into this ward, at least in part; another for another row `number`."""
    units = _became(ward)
    whole = [unit for unit in units if len(unit.became) == 1]
    split = [unit for unit in units if len(unit.became) > 1]
    choice = split if split and (not whole or number % _SPLIT == 0) else whole
    return choice[number // _SPLIT % len(choice)].code


@cache
def _became(ward: str) -> list[Unit]:
    return [unit for unit in old_units() if ward in unit.became]
