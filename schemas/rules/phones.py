"""Telephone numbers in E.164. Vietnam's 11-digit mobile numbers got new prefixes: they are converted before all else.

From: the operators' table of new prefixes; Google's libphonenumber for everything else. A number of 9 digits gets the 0
back that a spreadsheet took, and so does an old mobile number of 10: no other number has this form.

Ordinary mobile numbers are taken by the library's own pattern for them, without the library: the same result in a
hundredth of the time. Everything else goes through `phonenumbers`.
"""

import re
from collections.abc import Callable
from typing import Final

import phonenumbers
from phonenumbers import NumberParseException, PhoneMetadata, PhoneNumberFormat

from schemas.rules.errors import RuleError, shape

_NEW_PREFIXES: Final = {
    "0120": "070",
    "0121": "079",
    "0122": "077",
    "0126": "076",
    "0128": "078",
    "0123": "083",
    "0124": "084",
    "0125": "085",
    "0127": "081",
    "0129": "082",
    **{f"016{digit}": f"03{digit}" for digit in "23456789"},
    "0186": "056",
    "0188": "058",
    "0199": "059",
}
_OLD_MOBILE: Final = 11
_LOST_ZERO: Final = 9
_SEPARATORS: Final = re.compile(r"[\s.\-()\u2010-\u2015\u00a0]+")
_NUMBER: Final = re.compile(r"\+?[0-9]+")


def _mobile_pattern() -> str:
    metadata = PhoneMetadata.metadata_for_region("VN", None)
    mobile = metadata and metadata.mobile
    # Without a pattern nothing is taken here, and everything goes through the library.
    return str(mobile.national_number_pattern) if mobile else "(?!)"


_is_mobile: Final = re.compile(f"0(?:{_mobile_pattern()})", re.ASCII).fullmatch
_is_mobile_e164: Final = re.compile(rf"\+84(?:{_mobile_pattern()})", re.ASCII).fullmatch

#: First digits of the mobile numbers that are written in groups of three.
_IN_THREES: Final = "35789"

#: How a system may write a number.
FORMATS: Final = frozenset({"e164", "local", "international"})


def phone(value: object) -> str:
    """The number in E.164, e.g. +84912345678. Raises RuleError bad_phone."""
    text = value if type(value) is str else str(value)
    if _is_mobile(text):
        return "+84" + text[1:]
    if _is_mobile_e164(text):
        return text
    return _by_library(_national(text), text)


def _national(text: str) -> str:
    """The number without separators, Vietnamese ones beginning with 0, old mobile prefixes replaced."""
    number = _SEPARATORS.sub("", text.strip())
    if not _NUMBER.fullmatch(number):
        raise RuleError("bad_phone", f"{shape(text)}; expected one telephone number and nothing else")
    for prefix in ("+84", "0084", "84"):
        # A number that begins with 84 is taken for the country's only where it is longer than one at home.
        if number.startswith(prefix) and (prefix != "84" or len(number) > _LOST_ZERO + 1):
            number = "0" + number.removeprefix(prefix).removeprefix("0")
            break
    is_old_mobile = len(number) == _OLD_MOBILE - 1 and f"0{number[:3]}" in _NEW_PREFIXES
    if is_old_mobile or (len(number) == _LOST_ZERO and number[0] != "0"):
        number = "0" + number
    if len(number) == _OLD_MOBILE and number[:4] in _NEW_PREFIXES:
        number = _NEW_PREFIXES[number[:4]] + number[4:]
    return number


def _by_library(number: str, text: str) -> str:
    if _is_mobile(number):
        return "+84" + number[1:]
    try:
        parsed = phonenumbers.parse(number, "VN")
    except NumberParseException:
        parsed = None
    if parsed is None or not phonenumbers.is_valid_number(parsed):
        raise RuleError(
            "bad_phone", f"{shape(text)}; no telephone number of any numbering plan: correct it in the source"
        )
    return str(phonenumbers.format_number(parsed, PhoneNumberFormat.E164))


def phone_writer(spelled: str) -> Callable[[str], str]:
    """The function from E.164 to `e164`, `local` (0912345678) or `international` (+84 912 345 678).

    It raises RuleError foreign_phone for `local` of another country. Raises ValueError for an unknown format.
    """
    writers = {"e164": _as_it_is, "local": _local, "international": _international}
    if spelled not in writers:
        raise ValueError(f"unknown phone format {spelled!r}; known are {', '.join(sorted(FORMATS))}")
    return writers[spelled]


def _as_it_is(value: str) -> str:
    return value


def _local(value: str) -> str:
    if _is_mobile_e164(value):
        return "0" + value[3:]
    if not value.startswith("+84"):
        raise RuleError("foreign_phone", f"{shape(value)}, of another country: it has no local form")
    national = phonenumbers.format_number(phonenumbers.parse(value), PhoneNumberFormat.NATIONAL)
    return re.sub("[^0-9]", "", national)


def _international(value: str) -> str:
    if _is_mobile_e164(value) and value[3] in _IN_THREES:
        return f"+84 {value[3:6]} {value[6:9]} {value[9:]}"
    return str(phonenumbers.format_number(phonenumbers.parse(value), PhoneNumberFormat.INTERNATIONAL))
