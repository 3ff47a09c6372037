"""Text as all systems may compare it: Unicode NFC, no invisible characters, single spaces; and a key to compare by.

The key treats the two places of a tone mark as one (hòa and hoà, khỏe and khoẻ, thúy and thuý; not after `qu`), and
small and capital letters. It keeps every mark, and đ apart from d. The source's spelling stays the value.

From: Unicode TR 15 (NFC); the two ways in which Vietnamese places a tone mark on oa, oe, uy, both in use.
"""

import re
import unicodedata
from typing import Final

from schemas.rules.errors import RuleError

_BREAKS: Final = frozenset("\t\n\v\f\r\x85")


def clean_text(text: str) -> str:
    """The text in canonical form; empty where there is nothing but space. Raises RuleError control_character."""
    if text.isprintable() and unicodedata.is_normalized("NFC", text):
        if "  " not in text and text[:1] != " " and text[-1:] != " ":
            return text
        return " ".join(text.split())
    visible = "".join(_shown(character, at) for at, character in enumerate(text))
    return " ".join(unicodedata.normalize("NFC", visible).split())


def _shown(character: str, at: int) -> str:
    category = unicodedata.category(character)
    if category == "Cf":  # zero-width spaces and joiners, byte order marks, direction marks, soft hyphens
        return ""
    if category == "Cs" or (category == "Cc" and character not in _BREAKS):
        raise RuleError(
            "control_character",
            f"U+{ord(character):04X} at character {at + 1}; it is no text: remove it in the source system",
        )
    return character


#: Tone on the first of two vowels, as in hòa, khỏe, thúy; `qu` is one consonant.
_TONE_ON_FIRST: Final = re.compile("[òóỏõọ][ae]|(?<!q)[ùúủũụ]y")
_MOVED: Final = {
    before + plain: bare + after
    for bare, plain, firsts, seconds in (
        ("o", "a", "òóỏõọ", "àáảãạ"),
        ("o", "e", "òóỏõọ", "èéẻẽẹ"),
        ("u", "y", "ùúủũụ", "ỳýỷỹỵ"),
    )
    for before, after in zip(firsts, seconds, strict=True)
}


def fold(text: str) -> str:
    """Equal for two texts that differ in capitals, spaces, invisible characters or the place of a tone mark alone."""
    key = unicodedata.normalize("NFC", clean_text(text).casefold())
    if key.isascii():
        return key
    return _TONE_ON_FIRST.sub(lambda pair: _MOVED[pair.group()], key)
