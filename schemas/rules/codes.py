"""Codes of a system and what they mean: one number means different things in two systems.

From: the manifest's table.
"""

from collections.abc import Callable, Mapping
from typing import Final

from schemas.rules.errors import RuleError, shape
from schemas.rules.text import fold

#: What a person's sex may be in canonical form.
SEXES: Final = frozenset({"male", "female", "other"})
#: By canonical format, the words that there are.
WORDS: Final = {
    "sex": SEXES,
    "business_kind": frozenset({"enterprise", "household"}),
    "business_status": frozenset({"active", "suspended", "dissolved"}),
    "civil_status": frozenset({"birth", "death", "marriage", "adoption", "correction"}),
}


def code_reader(meanings: Mapping[str, str]) -> Callable[[object], str]:
    """The function from a system's code to its meaning. It raises RuleError unknown_code, with the known ones.

    Codes that are words are known again in other capitals and with another place of the tone mark, but for those of
    which the table makes a difference.
    """
    table = {code.strip(): meaning for code, meaning in meanings.items()}
    folded = _folded(table)

    def read(value: object) -> str:
        try:
            return table[value]  # type: ignore[index] # most values are the code as it is
        except (KeyError, TypeError):
            spelled = _spelled(value)
            meaning = table.get(spelled) or folded.get(_key(spelled))
        if meaning is None:
            raise RuleError("unknown_code", f"a code of {shape(value)}; known are {_listed(table)}: add it to `codes`")
        return meaning

    return read


def code_writer(meanings: Mapping[str, str]) -> Callable[[str], str]:
    """The function from a meaning to the system's code, the first of several. It raises RuleError unknown_code."""
    table: dict[str, str] = {}
    for code, meaning in meanings.items():
        table.setdefault(meaning, code)

    def write(value: str) -> str:
        try:
            return table[value]
        except KeyError:
            raise RuleError("unknown_code", f"no code means this; those of {_listed(table)} are known") from None

    return write


def word_reader(canonical: str) -> Callable[[object], str]:
    """The function that takes a word of WORDS as it is; a system's own codes need a table. It raises unknown_code."""
    words = WORDS[canonical]

    def read(value: object) -> str:
        if value in words:
            return str(value)
        raise RuleError(
            "unknown_code", f"{shape(value)}; expected {_listed(words)}: name the system's codes in `codes`"
        )

    return read


def _folded(table: Mapping[str, str]) -> dict[str, str]:
    """By folded code, what it means; without those that would mean two things."""
    meant: dict[str, set[str]] = {}
    for code, meaning in table.items():
        meant.setdefault(_key(code), set()).add(meaning)
    return {code: meanings.pop() for code, meanings in meant.items() if len(meanings) == 1}


def _key(code: str) -> str:
    try:
        return fold(code)
    except RuleError:
        return code


def _spelled(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value).strip()


def _listed(known: Mapping[str, str] | frozenset[str]) -> str:
    return ", ".join(sorted(known)) or "none"
