"""Text from before Unicode."""

import shutil
import subprocess
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.rules import RuleError
from schemas.rules.legacy import ENCODINGS, legacy_decoder, suspected

MOTTO = "Cộng hòa xã hội chủ nghĩa Việt Nam"
VNI_ROWS = {
    "aáàảãạ": "a aù aø aû aõ aï",
    "âấầẩẫậ": "aâ aá aà aå aã aä",
    "ăắằẳẵặ": "aê aé aè aú aü aë",
    "eéèẻẽẹ": "e eù eø eû eõ eï",
    "êếềểễệ": "eâ eá eà eå eã eä",
    "oóòỏõọ": "o où oø oû oõ oï",
    "ôốồổỗộ": "oâ oá oà oå oã oä",
    "ơớờởỡợ": "ô ôù ôø ôû ôõ ôï",
    "uúùủũụ": "u uù uø uû uõ uï",
    "ưứừửữự": "ö öù öø öû öõ öï",
    "iíìỉĩị": "i í ì æ ó ò",
    "yýỳỷỹỵ": "y yù yø yû yõ î",
    "đ": "ñ",
}
LETTERS = "".join(VNI_ROWS)


def in_vni(text: str) -> str:
    table = {}
    for letters, written in VNI_ROWS.items():
        for letter, spelled in zip(letters, written.split(), strict=True):
            table[letter], table[letter.upper()] = spelled, spelled.upper()
    return "".join(table.get(character, character) for character in text)


@pytest.mark.parametrize(
    ("encoding", "written", "text"),
    [
        ("tcvn3", "Céng hßa x· héi", "Cộng hòa xã hội"),
        ("tcvn3", "Céng hßa x· héi".encode("latin-1"), "Cộng hòa xã hội"),
        ("tcvn3", "§µo V¨n ¬n", "Đào Văn ơn"),
        ("vni", "Coäng hoøa xaõ hoäi chuû nghóa Vieät Nam", MOTTO),
        ("vni", "COÄNG HOØA XAÕ HOÄI CHUÛ NGHÓA VIEÄT NAM", MOTTO.upper()),
        ("cp1258", b"C\xf4\xf2ng ho\xcca", "Cộng hòa"),
        ("cp1258", "Viêòt", "Việt"),
        ("cp1258", b"Vi\xea\xf2t Nam", "Việt Nam"),
    ],
)
def test_golden(encoding: str, written: str | bytes, text: str) -> None:
    assert legacy_decoder(encoding)(written) == text


@pytest.mark.skipif(shutil.which("iconv") is None, reason="no iconv here")
def test_tcvn3_is_what_glibc_says() -> None:
    iconv = ["iconv", "-f", "TCVN5712-1", "-t", "UTF-8"]
    # A space after each: iconv holds a letter back to see whether a mark follows.
    data = b"".join(bytes((byte, 0x20)) for byte in (*range(0x20, 0x7F), *range(0x80, 0x100)))
    found = subprocess.run(iconv, input=data, capture_output=True, check=False)
    if found.returncode:
        pytest.skip("this iconv does not know TCVN5712-1")
    assert legacy_decoder("tcvn3")(data) == unicodedata.normalize("NFC", found.stdout.decode())


@given(st.text(LETTERS + LETTERS.upper() + " bcdghklmnpqrstvx", max_size=20))
def test_vni_goes_back(text: str) -> None:
    assert legacy_decoder("vni")(in_vni(text)) == text


@given(st.text(LETTERS + LETTERS.upper() + " bcdghklmnpqrstvx", max_size=20))
def test_cp1258_goes_back(text: str) -> None:
    written = b"".join(_in_cp1258(character) for character in text)
    assert legacy_decoder("cp1258")(written) == text


def _in_cp1258(character: str) -> bytes:
    """A letter with its circumflex, breve or horn, then its tone as a character of its own."""
    tones = "\u0300\u0301\u0303\u0309\u0323"
    decomposed = unicodedata.normalize("NFD", character)
    letter = unicodedata.normalize("NFC", "".join(c for c in decomposed if c not in tones))
    return (letter + "".join(c for c in decomposed if c in tones)).encode("cp1258")


@pytest.mark.parametrize("encoding", sorted(ENCODINGS))
def test_unicode_is_refused(encoding: str) -> None:
    with pytest.raises(RuleError, match="at character 5: no character of an 8-bit encoding") as caught:
        legacy_decoder(encoding)("Nguyễn")
    assert caught.value.code == "bad_encoding"


def test_what_is_not_of_the_encoding_is_refused() -> None:
    with pytest.raises(RuleError, match="not vni at character 2: a mark that follows no letter"):
        legacy_decoder("vni")("xø")
    with pytest.raises(RuleError, match="not cp1258 at character 1: a byte that the encoding does not have"):
        legacy_decoder("cp1258")(b"\x8e")


def test_an_unknown_encoding_is_a_fault_of_the_manifest() -> None:
    with pytest.raises(ValueError, match="unknown legacy encoding 'viscii'; known are cp1258, tcvn3, vni"):
        legacy_decoder("viscii")


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("Céng hßa x· héi chñ nghÜa ViÖt Nam", "tcvn3"),
        ("§µo V¨n ¬n", "tcvn3"),
        (in_vni(MOTTO), "vni"),
        ("Ñoã Vaên Nam", "vni"),
        ("Viêòt Nam", "cp1258"),
        ("HoÌa", "cp1258"),
        (MOTTO, None),
        ("Nguyen Van An", None),
        ("Tổ 5 § 12 · 30m²", None),
    ],
)
def test_what_looks_like_an_encoding_is_suspected(text: str, encoding: str | None) -> None:
    assert suspected(text) == encoding


@given(st.lists(st.sampled_from("bcdđghklmnpqrstvx" + LETTERS + LETTERS.upper() + " .,-/0123456789")).map("".join))
def test_vietnamese_letters_are_never_suspected_to_be_of_two_old_encodings(text: str) -> None:
    assert suspected(text) in (None, "cp1258")
