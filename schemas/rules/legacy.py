"""Text from before Unicode: TCVN3 (ABC), VNI and Windows cp1258, decoded as the connector's manifest declares.

The encodings overlap with each other and with Latin-1, so that nothing can be told from the text alone: what cannot be
of the declared encoding is refused, the rest is taken at its word. TCVN3 is glibc's TCVN5712-1 above ASCII; capitals
with tones mostly lived in a font and come out small. VNI writes a letter and its mark as two characters. Values may
come as bytes, or as text that a driver has read as Latin-1 or cp1252.

From: glibc's table for TCVN3, Python's for cp1258; for VNI its letters and marks, as their test
lists them.
"""

import re
import unicodedata
from collections.abc import Callable
from typing import Final

from schemas.rules.errors import RuleError

_TCVN3: Final = {
    0x80 + index: letter
    for index, letter in enumerate(
        "ÀẢÃÁẠẶẬÈẺẼÉẸỆÌỈĨ"
        "ÍỊÒỎÕÓỌỘỜỞỠỚỢÙỦŨ"
        "\u00a0ĂÂÊÔƠƯĐăâêôơưđẰ"
        "\u0300\u0309\u0303\u0301\u0323àảãáạẲằẳẵắẴ"
        "ẮẦẨẪẤỀặầẩẫấậèỂẻẽ"
        "éẹềểễếệìỉỄẾỒĩíịò"
        "Ổỏõóọồổỗốộờởỡớợù"
        "ỖủũúụừửữứựỳỷỹýỵỐ"
    )
}

_TONES: Final = {"ù": "\u0301", "ø": "\u0300", "û": "\u0309", "õ": "\u0303", "ï": "\u0323"}
_CIRCUMFLEX: Final = {
    "â": "\u0302",
    "á": "\u0302\u0301",
    "à": "\u0302\u0300",
    "å": "\u0302\u0309",
    "ã": "\u0302\u0303",
    "ä": "\u0302\u0323",
}
_BREVE: Final = {
    "ê": "\u0306",
    "é": "\u0306\u0301",
    "è": "\u0306\u0300",
    "ú": "\u0306\u0309",
    "ü": "\u0306\u0303",
    "ë": "\u0306\u0323",
}
_ALONE: Final = {"ô": "ơ", "ö": "ư", "í": "í", "ì": "ì", "æ": "ỉ", "ó": "ĩ", "ò": "ị", "î": "ỵ", "ñ": "đ"}
_MARKS_OF: Final = {
    "a": _TONES | _CIRCUMFLEX | _BREVE,
    "e": _TONES | _CIRCUMFLEX,
    "o": _TONES | _CIRCUMFLEX,
    "u": _TONES,
    "y": _TONES,
    "ô": _TONES,
    "ö": _TONES,
}


def _vni_letters() -> dict[str, str]:
    """What VNI writes -> the letter, small and capital; a capital letter is seen with small marks too."""
    letters = {}
    for base, marks in _MARKS_OF.items():
        for mark, meant in marks.items():
            letter = unicodedata.normalize("NFC", _ALONE.get(base, base) + meant)
            letters[base + mark] = letter
            letters[base.upper() + mark] = letters[base.upper() + mark.upper()] = letter.upper()
    for written, letter in _ALONE.items():
        letters[written] = letter
        letters[written.upper()] = letter.upper()
    return letters


_VNI: Final = _vni_letters()
_VNI_WRITTEN: Final = re.compile("|".join(sorted(_VNI, key=len, reverse=True)) + "|[\u0080-\u009f\u00a1-\u00ff]")

#: Encodings that a manifest may declare.
ENCODINGS: Final = frozenset({"tcvn3", "vni", "cp1258"})


def legacy_decoder(encoding: str) -> Callable[[str | bytes], str]:
    """The function from text of this encoding to Unicode NFC. It raises RuleError bad_encoding.

    Raises ValueError for an unknown encoding.
    """
    decoders = {"tcvn3": _decode_tcvn3, "vni": _decode_vni, "cp1258": _decode_cp1258}
    if encoding not in decoders:
        raise ValueError(f"unknown legacy encoding {encoding!r}; known are {', '.join(sorted(ENCODINGS))}")
    decode = decoders[encoding]
    return lambda value: unicodedata.normalize("NFC", decode(_bytes(value, encoding)))


#: What stands in text of an encoding, shown as Latin-1, and in no Vietnamese that is Unicode.
_SIGNS: Final = (
    ("tcvn3", re.compile("[A-Za-z][\u00a1-\u00af\u00b5-\u00bf]|[\u00a7\u00ae][A-Za-z]")),
    ("vni", re.compile("[aeouyôöAEOUYÔÖ][øûïåäëüØÛÏÅÄËÜ]|[ñÑ][aeiouyôöAEIOUYÔÖ]")),
    ("cp1258", re.compile("[aâãeêioôuy][ÌÒÞ]|[âêô][òì]")),
)


def suspected(text: str) -> str | None:
    """The encoding that the text looks like, to ask its declarer about; None where it may well be Unicode.

    Nothing is ever decoded for that reason alone: only a look at what was, or was not, declared.
    """
    return next((encoding for encoding, sign in _SIGNS if sign.search(text)), None)


def _decode_tcvn3(data: bytes) -> str:
    return data.decode("latin-1").translate(_TCVN3)


def _decode_vni(data: bytes) -> str:
    return _VNI_WRITTEN.sub(_vni_letter, data.decode("latin-1"))


def _vni_letter(written: re.Match[str]) -> str:
    letter = _VNI.get(written.group())
    if letter is None:
        raise _undecodable("vni", written.start(), "a mark that follows no letter it could belong to")
    return letter


def _decode_cp1258(data: bytes) -> str:
    try:
        return data.decode("cp1258")
    except UnicodeDecodeError as error:
        raise _undecodable("cp1258", error.start, "a byte that the encoding does not have") from None


def _bytes(value: str | bytes, encoding: str) -> bytes:
    if isinstance(value, bytes):
        return value
    try:
        return value.encode("latin-1")
    except UnicodeEncodeError:
        return b"".join(_byte(character, at, encoding) for at, character in enumerate(value))


def _byte(character: str, at: int, encoding: str) -> bytes:
    for driver in ("latin-1", "cp1252"):
        try:
            return character.encode(driver)
        except UnicodeEncodeError:
            continue
    raise _undecodable(encoding, at, "no character of an 8-bit encoding: is the text Unicode already?")


def _undecodable(encoding: str, at: int, what: str) -> RuleError:
    return RuleError("bad_encoding", f"not {encoding} at character {at + 1}: {what}; see what the manifest declares")
