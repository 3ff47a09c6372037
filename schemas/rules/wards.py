"""Wards and communes of the city, before and since 2025-07-01, when 526 units became 126.

Every one of the 126 codes had been an older unit's code, 103 of them under another name: a code says nothing without
its list, so a manifest declares which list its system still speaks. An old unit that went whole into one new unit is
converted. One that was split is held: which part somebody lives in stands in no code, and is never guessed.

From: schemas/rules/wards_01.csv, which names its source.
"""

import csv
from collections.abc import Callable
from functools import cache
from importlib.resources import files
from typing import Final, NamedTuple

from schemas.rules.errors import HeldValue
from schemas.rules.identifiers import ward_code

#: First day of the list that is in force, and the last day of the one before it (ISO 8601, as the table has them).
IN_FORCE_SINCE: Final = "2025-07-01"
OLD_UNTIL: Final = "2025-06-30"

OLD_CODES: Final = "before_2025-07-01"
NEW_CODES: Final = "since_2025-07-01"
#: Which list a system may speak; NEW_CODES is the canonical one.
FORMATS: Final = frozenset({OLD_CODES, NEW_CODES})


class Unit(NamedTuple):
    """One unit of one list. `valid_from` is empty where the source states none, `valid_to` while it is in force.

    `district`: of an old unit; 14 names stand for several old units. `became`: new codes of an old unit.
    """

    code: str
    valid_from: str
    valid_to: str
    name: str
    district: str
    became: tuple[str, ...]


def unit(code: str, day: str = IN_FORCE_SINCE) -> Unit | None:
    """What a code meant on a day (`YYYY-MM-DD`); None where no list of the city has it."""
    for found in _units().get(code, ()):
        if found.valid_from <= day and (not found.valid_to or day <= found.valid_to):
            return found
    return None


def old_units() -> list[Unit]:
    """Every unit of the list until 2025-06-30, by code."""
    return [found for units in _units().values() for found in units if found.valid_to == OLD_UNTIL]


def ward_reader(spelled: str) -> Callable[[object], str]:
    """The function from a system's ward code to that of the list in force. Raises ValueError for an unknown list."""
    if spelled not in FORMATS:
        raise ValueError(f"unknown list of wards {spelled!r}; known are {', '.join(sorted(FORMATS))}")
    return converted if spelled == OLD_CODES else ward_code


def converted(value: object) -> str:
    """The new code of an old unit that went whole into one.

    Raises HeldValue ward_split with the codes that it may be now, unknown_ward for a code that the old list does not
    have (of another province, or of an older list); what `ward_code` raises.
    """
    old = unit(ward_code(value), OLD_UNTIL)
    if old is None:
        message = f"a code that is not in the city's list until {OLD_UNTIL}: correct it, or enter the new code"
        raise HeldValue("unknown_ward", message)
    if len(old.became) > 1:
        message = f"a ward that became parts of {len(old.became)}: see where the address lies, and enter the new code"
        raise HeldValue("ward_split", message, old.became)
    return old.became[0]


@cache
def _units() -> dict[str, tuple[Unit, ...]]:
    """Code -> its units, old before new."""
    text = files("schemas.rules").joinpath("wards_01.csv").read_text(encoding="utf-8")
    found: dict[str, tuple[Unit, ...]] = {}
    for row in list(csv.reader(line for line in text.splitlines() if not line.startswith("#")))[1:]:
        code, valid_from, valid_to, name, district, became = row
        made = Unit(code, valid_from, valid_to, name, district, tuple(became.split()))
        found[code] = (*found.get(code, ()), made)
    return found
