"""Numbers and codes that name a person, a business, a dossier, an agency, a place.

Each function takes a column's value and returns the canonical string. None changes digits: where a leading zero seems
lost the value is held, and the number that it may be is proposed, never taken, for it may be another person's.
"""

import re
from datetime import date
from typing import Final, NamedTuple

from schemas.rules.errors import HeldValue, RuleError, shape

_CITIZEN_ID: Final = 12
_OLD_ID: Final = 9
_TAX_CODE: Final = 10
_BRANCH: Final = 3


class CitizenIdFacts(NamedTuple):
    """What the digits of a citizen id say; None where they say nothing known."""

    province: str
    sex: str | None
    birth_year: int | None


def citizen_id(value: object) -> str:
    """12 digits `PPP G YY NNNNNN`, without a check digit. From: NĐ 137/2015, art. 13, by a secondary source.

    What the digits say is never changed: PPP stays that of the list of 63 provinces, or of a country. Raises RuleError
    bad_citizen_id; HeldValue lost_zero for 11 digits, with the number that it may be.
    """
    text = value if type(value) is str else str(value)
    if len(text) != _CITIZEN_ID or not text.isdigit() or not text.isascii():
        text = text.strip()
        if len(text) != _CITIZEN_ID or not text.isdigit() or not text.isascii():
            raise _without_zero(text, _CITIZEN_ID) or RuleError(
                "bad_citizen_id",
                f"{shape(text)}; expected {_CITIZEN_ID} digits{' (an old id?)' if _is_digits(text, _OLD_ID) else ''}",
            )
    return _real(text, "bad_citizen_id")


def citizen_id_facts(identifier: str) -> CitizenIdFacts:
    """Province, sex and year of birth in a valid citizen id, as they were when it was given. From: as `citizen_id`.

    G is century and sex: 0 and 1 male and female of the 1900s, 2 and 3 of the 2000s, 4 and 5 of the 2100s.
    """
    century = int(identifier[3])
    known = century <= 5
    return CitizenIdFacts(
        province=identifier[:3],
        sex=("male", "female")[century % 2] if known else None,
        birth_year=1900 + century // 2 * 100 + int(identifier[4:6]) if known else None,
    )


def old_id(value: object) -> str:
    """9 digits (CMND), never padded to 12: only an authority says which citizen id took its place.

    From: the cards that came before the citizen id; columns of the city's systems still hold them. Raises RuleError
    bad_old_id; HeldValue lost_zero for 8 digits.
    """
    text = str(value).strip()
    if not _is_digits(text, _OLD_ID):
        hint = " (a citizen id?)" if _is_digits(text, _CITIZEN_ID) else ""
        raise _without_zero(text, _OLD_ID) or RuleError("bad_old_id", f"{shape(text)}; expected {_OLD_ID} digits{hint}")
    return _real(text, "bad_old_id")


def _without_zero(text: str, length: int) -> HeldValue | None:
    """What a spreadsheet leaves of a number that begins with 0, which it takes for a quantity. None for all else.

    From: files of the city's systems. The number is proposed only: it may be another person's.
    """
    if not _is_digits(text, length - 1) or text[0] == "0" or text.count(text[0]) == len(text):
        return None
    message = f"{shape(text)}; expected {length}: did it begin with a 0 that a spreadsheet took? Correct it there"
    return HeldValue("lost_zero", message, (f"0{text}",))


_WEIGHTS: Final = (31, 29, 23, 19, 17, 13, 7, 5, 3)


def tax_code(value: object) -> str:
    """A business code, or the citizen id of an individual or a household business: the length tells which.

    From: the rule in force since 2025-07-01, by a secondary source.
    Raises RuleError bad_tax_code, and bad_citizen_id for 12 digits that are none.
    """
    text = str(value).strip()
    return citizen_id(text) if _is_digits(text, _CITIZEN_ID) else _checked(text, "bad_tax_code", ", or 12")


def business_code(value: object) -> str:
    """10 digits of which the last is a check digit; 10-3 for a branch, also where it is written as 13 digits.

    From: the form of mã số thuế and mã số doanh nghiệp; the check digit as python-stdnum's `stdnum.vn.mst` has it.
    Raises RuleError bad_business_code.
    """
    text = str(value).strip()
    hint = " (a citizen id? that is a tax code, and no business code)" if _is_digits(text, _CITIZEN_ID) else ""
    return _checked(text, "bad_business_code", hint)


def _checked(text: str, code: str, more: str) -> str:
    head, dash, tail = text.partition("-") if "-" in text else (text[:_TAX_CODE], "", text[_TAX_CODE:])
    if not _is_digits(head, _TAX_CODE) or ((tail or dash) and not _is_digits(tail, _BRANCH)):
        held = _without_zero(text, _TAX_CODE)
        if held is not None and _has_right_check_digit(held.proposals[0]):
            raise held
        raise RuleError(code, f"{shape(text)}; expected 10 digits, 10 and 3 for a branch{more}")
    if not _has_right_check_digit(_real(head, code)):
        raise RuleError(code, f"{shape(text)} whose check digit is wrong; one of them is mistyped")
    return f"{head}-{tail}" if tail else head


def _has_right_check_digit(code: str) -> bool:
    remainder = sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, code, strict=False)) % 11
    # A remainder of 0 would ask for a check digit of 10: no such number is given.
    return 10 - remainder == int(code[-1])


_DOSSIER: Final = re.compile(r"[0-9]{3}\.[0-9]{2}\.[0-9]{2}\.[A-Y][0-9]{2}-([0-9]{2})([0-9]{2})([0-9]{2})-[0-9]{4,}")
_NEW_DOSSIER: Final = re.compile(r"[A-Y][0-9]{2}(?:\.[0-9A-Z]+)*-([0-9]{4})([0-9]{2})([0-9]{2})-[0-9]+")


def dossier_code(value: object) -> str:
    """`000.12.34.H26-251114-0001` or `G09.20-20260609-0092637`. Raises RuleError bad_dossier_code.

    From: codes of the one-stop systems; the second form is newer, and both are seen.
    """
    text = str(value).strip().upper()
    match = _DOSSIER.fullmatch(text) or _NEW_DOSSIER.fullmatch(text)
    if match is None:
        raise RuleError(
            "bad_dossier_code",
            f"{shape(text)}; expected the form 000.12.34.H26-251114-0001 or G09.20-20260609-0092637",
        )
    year, month, day = (int(part) for part in match.groups())
    try:
        date(year if year > 99 else 2000 + year, month, day)
    except ValueError:
        raise RuleError("bad_dossier_code", f"{shape(text)}, whose date is not in the calendar") from None
    return text


_AGENCY: Final = re.compile(r"[A-Y][0-9]{2}(?:\.[0-9A-Z]+)*")
_OLD_AGENCY: Final = re.compile(r"[0-9]{3}\.[0-9]{2}\.[0-9]{2}\.[A-Y][0-9]{2}")
_AGENCY_LENGTH: Final = 35


def agency_code(value: object) -> str:
    """Level 1 leftmost, e.g. `H26.1.2`. From: QĐ 20/2020. Raises RuleError bad_agency_code."""
    text = str(value).strip()
    if not _AGENCY.fullmatch(text) or len(text) > _AGENCY_LENGTH:
        hint = " (the form before QĐ 20/2020, which is kept as an alias)" if _OLD_AGENCY.fullmatch(text) else ""
        form = f"a letter A to Y, two digits, then parts after dots, {_AGENCY_LENGTH} characters at most"
        raise RuleError("bad_agency_code", f"{shape(text)}; expected {form}{hint}")
    return text


def old_agency_code(value: object) -> str:
    """Level 1 rightmost, e.g. `000.00.01.H26`: an alias. From: the codes before QĐ 20/2020. Raises RuleError."""
    text = str(value).strip()
    if not _OLD_AGENCY.fullmatch(text):
        raise RuleError("bad_agency_code", f"{shape(text)}; expected the form 000.00.01.H26")
    return text


def ward_code(value: object) -> str:
    """5 digits; a number is written with its zeros. From: the national list of administrative units.

    Raises RuleError bad_ward_code; HeldValue lost_zero for text without its zeros.
    """
    return _unit(value, 5, "bad_ward_code")


def province_code(value: object) -> str:
    """2 digits, in the same way. From: the same list. Raises RuleError bad_province_code; HeldValue lost_zero."""
    return _unit(value, 2, "bad_province_code")


def _unit(value: object, digits: int, code: str) -> str:
    if type(value) is int and 0 <= value < 10**digits:
        return str(value).zfill(digits)
    text = str(value).strip()
    if not _is_digits(text, digits):
        if text and _is_digits(text, min(len(text), digits - 1)):
            message = f"{shape(text)}; expected {digits}: leading zeros that a spreadsheet took? Correct it there"
            raise HeldValue("lost_zero", message, (text.zfill(digits),))
        raise RuleError(code, f"{shape(text)}; expected {digits} digits")
    return text


def _is_digits(text: str, length: int) -> bool:
    return len(text) == length and text.isascii() and text.isdigit()


def _real(text: str, code: str) -> str:
    """One digit repeated is what people type where there is no number: it would make many persons one.

    From: no rule but experience with such columns.
    """
    if text.count(text[0]) == len(text):
        raise RuleError(code, f"{shape(text)}, all the same: a placeholder, no number; leave it empty in the source")
    return text
