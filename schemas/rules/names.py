"""Names of persons, in the order family, middle, given. The full string is the value; the parts come by position alone.

A name never identifies anybody. From: the order in which Vietnamese names are written.
"""

import re
import unicodedata
from typing import Final, NamedTuple

from schemas.rules.errors import RuleError
from schemas.rules.text import clean_text, fold

_MARKS: Final = re.compile("[\u0300-\u036f]+")


class NameParts(NamedTuple):
    """`middle` may hold several words, and be empty; of a single word only `given` is known."""

    family: str
    middle: str
    given: str


def full_name(value: object) -> str:
    """The name in canonical form, capitals as the source has them. Raises RuleError control_character, bad_name."""
    name = clean_text(value if type(value) is str else str(value))
    if not name:
        raise RuleError("bad_name", "empty; a person's name is needed")
    return name


def name_parts(name: str) -> NameParts:
    """The parts of a canonical name."""
    words = name.split(" ")
    if len(words) == 1:
        return NameParts("", "", name)
    return NameParts(words[0], " ".join(words[1:-1]), words[-1])


def full_name_of(parts: NameParts) -> str:
    """The canonical name of its parts."""
    return clean_text(" ".join(parts))


def search_key(name: str) -> str:
    """What people type who look for a name: small letters without marks, đ as d. For finding, never for matching."""
    return _MARKS.sub("", unicodedata.normalize("NFD", fold(name))).replace("đ", "d")
