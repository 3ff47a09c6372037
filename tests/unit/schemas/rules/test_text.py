"""Text in canonical form, and the key to compare by."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.rules import RuleError
from schemas.rules.text import clean_text, fold

#: Text full of what goes wrong.
ODD = st.text(st.sampled_from("aàòyQquùỳe đĐ\u0300\u0309\u200b\ufeff\u00a0\u2028\t\n\x00\x1f\xad\u202e"), max_size=12)


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("", ""),
        ("  ", ""),
        ("Nguyễn Văn A", "Nguyễn Văn A"),
        (unicodedata.normalize("NFD", "Nguyễn Thị Đào"), "Nguyễn Thị Đào"),
        ("  Nguyễn   Văn\u00a0A ", "Nguyễn Văn A"),
        ("\ufeffNguy\u200bễn", "Nguyễn"),
        ("số 12\r\nngõ 3\tphố Huế", "số 12 ngõ 3 phố Huế"),
    ],
)
def test_canonical_form(text: str, canonical: str) -> None:
    assert clean_text(text) == canonical


@pytest.mark.parametrize("bad", ["\x00", "\x1f", "\x1c", "\x7f", "\x9f", "\ud800"])
def test_what_is_no_text_is_refused(bad: str) -> None:
    with pytest.raises(RuleError, match=rf"U\+{ord(bad):04X} at character 4") as caught:
        clean_text("Bí " + bad + "Mật")
    assert caught.value.code == "control_character"
    assert "Mật" not in str(caught.value)


@given(ODD | st.text(max_size=20))
def test_canonical_text_is_canonical(text: str) -> None:
    try:
        clean = clean_text(text)
    except RuleError:
        assert any(unicodedata.category(c) in ("Cc", "Cs") for c in text)
        return
    assert clean_text(clean) == clean
    assert unicodedata.is_normalized("NFC", clean)
    assert clean == clean.strip()
    assert "  " not in clean
    assert not {unicodedata.category(c) for c in clean} & {"Cc", "Cf", "Cs", "Zl", "Zp"}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Hòa", "Hoà"),
        ("HÓA HỌC", "hoá  học"),
        ("khỏe", "khoẻ"),
        ("thúy", "thuý"),
        ("Thùy", "thuỳ"),
        ("tọa", "toạ"),
        ("lõa", "loã"),
        ("xòe", "xoè"),
        ("hũy", "huỹ"),
        ("lụy", "luỵ"),
    ],
)
def test_the_place_of_the_tone_does_not_count(one: str, other: str) -> None:
    assert fold(one) == fold(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [("Đào", "Dào"), ("Hoa", "Hòa"), ("hoá", "hoà"), ("quý", "qúy"), ("Ly", "Lý"), ("mùa", "muà"), ("Huế", "Hue")],
)
def test_everything_else_counts(one: str, other: str) -> None:
    assert fold(one) != fold(other)


@given(ODD)
def test_the_key_is_its_own_key(text: str) -> None:
    try:
        key = fold(text)
    except RuleError:
        return
    assert fold(key) == key
