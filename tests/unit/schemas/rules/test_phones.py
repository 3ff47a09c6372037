"""Telephone numbers, against the library that knows them."""

import phonenumbers
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from phonenumbers import PhoneNumberFormat

from schemas.rules import RuleError
from schemas.rules.phones import FORMATS, phone, phone_writer


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("0912345678", "+84912345678"),
        ("091 234.56-78", "+84912345678"),
        ("912345678", "+84912345678"),
        ("+84912345678", "+84912345678"),
        ("84912345678", "+84912345678"),
        ("0084 912 345 678", "+84912345678"),
        ("+84 (0)912 345 678", "+84912345678"),
        ("(024) 3825 3535", "+842438253535"),
        ("19001234", "+8419001234"),
        ("+1 650 253 0000", "+16502530000"),
        ("+84 120 123 4567", "+84701234567"),
    ],
)
def test_reading(text: str, canonical: str) -> None:
    assert phone(text) == canonical


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("0120", "70"),
        ("0121", "79"),
        ("0122", "77"),
        ("0126", "76"),
        ("0128", "78"),
        ("0123", "83"),
        ("0124", "84"),
        ("0125", "85"),
        ("0127", "81"),
        ("0129", "82"),
        ("0162", "32"),
        ("0163", "33"),
        ("0164", "34"),
        ("0165", "35"),
        ("0166", "36"),
        ("0167", "37"),
        ("0168", "38"),
        ("0169", "39"),
        ("0186", "56"),
        ("0188", "58"),
        ("0199", "59"),
    ],
)
def test_old_mobile_prefixes(old: str, new: str) -> None:
    assert phone(f"{old}1234567") == f"+84{new}1234567"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "113",
        "091234567",
        "09123456789",
        "0912345678 / 0987654321",
        "0912345678x5",
        "không có",
        "01301234567",
        "+84",
    ],
)
def test_refusing(text: str) -> None:
    with pytest.raises(RuleError) as caught:
        phone(text)
    assert caught.value.code == "bad_phone"
    assert len(text) < 4 or text not in str(caught.value)


@example("0180000000")
@given(st.from_regex(r"0[1-9][0-9]{8}", fullmatch=True) | st.from_regex(r"0[35789][0-9]{8}", fullmatch=True))
@settings(max_examples=500)
def test_ten_digits_are_what_the_library_says(text: str) -> None:
    parsed = phonenumbers.parse(text, "VN")
    if not phonenumbers.is_valid_number(parsed):
        with pytest.raises(RuleError):
            phone(text)
        return
    canonical = phone(text)
    assert canonical == phonenumbers.format_number(parsed, PhoneNumberFormat.E164)
    international = phonenumbers.format_number(parsed, PhoneNumberFormat.INTERNATIONAL)
    assert phone_writer("international")(canonical) == international
    # A service number (1800 …, 1900 …) has no 0 before it at home, whatever the source wrote.
    national = phonenumbers.format_number(parsed, PhoneNumberFormat.NATIONAL)
    assert phone_writer("local")(canonical) == national.replace(" ", "")
    assert text.startswith("01") or phone_writer("local")(canonical) == text


def test_every_prefix_is_what_the_library_says() -> None:
    for prefix in range(100, 1000):
        text = f"0{prefix}123456"
        parsed = phonenumbers.parse(text, "VN")
        if not phonenumbers.is_valid_number(parsed):
            with pytest.raises(RuleError):
                phone(text)
            continue
        assert phone(text) == phonenumbers.format_number(parsed, PhoneNumberFormat.E164)
        international = phonenumbers.format_number(parsed, PhoneNumberFormat.INTERNATIONAL)
        assert phone_writer("international")(phone(text)) == international, prefix


@given(st.sampled_from(["0912345678", "02438253535", "19001234", "+16502530000"]), st.sampled_from(sorted(FORMATS)))
def test_what_is_written_is_read_again(text: str, spelled: str) -> None:
    canonical = phone(text)
    if spelled == "local" and not canonical.startswith("+84"):
        with pytest.raises(RuleError, match="of another country") as caught:
            phone_writer(spelled)(canonical)
        assert caught.value.code == "foreign_phone"
        return
    assert phone(phone_writer(spelled)(canonical)) == canonical


@given(st.text(max_size=15) | st.from_regex(r"\+?[0-9 .()-]{5,16}", fullmatch=True))
def test_e164_is_canonical(text: str) -> None:
    try:
        canonical = phone(text)
    except RuleError:
        return
    assert canonical.startswith("+")
    assert phone(canonical) == canonical


def test_an_unknown_format_is_a_fault_of_the_manifest() -> None:
    with pytest.raises(ValueError, match="unknown phone format 'short'; known are e164, international, local"):
        phone_writer("short")
