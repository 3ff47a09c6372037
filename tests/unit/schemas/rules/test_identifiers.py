"""Numbers and codes: golden examples and properties."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from schemas.rules import HeldValue, RuleError
from schemas.rules.identifiers import (
    CitizenIdFacts,
    agency_code,
    business_code,
    citizen_id,
    citizen_id_facts,
    dossier_code,
    old_agency_code,
    old_id,
    province_code,
    tax_code,
    ward_code,
)

Rule = Callable[[object], str]
RULES: list[Rule] = [
    citizen_id,
    old_id,
    tax_code,
    business_code,
    dossier_code,
    agency_code,
    old_agency_code,
    ward_code,
    province_code,
]


@pytest.mark.parametrize(
    ("rule", "value", "canonical"),
    [
        (citizen_id, "001099012345", "001099012345"),
        (citizen_id, " 001099012345\u00a0", "001099012345"),
        (citizen_id, 100990123456, "100990123456"),
        (old_id, "012345678", "012345678"),
        (tax_code, "0100109106", "0100109106"),
        (tax_code, "0100109106-001", "0100109106-001"),
        (tax_code, "0100109106001", "0100109106-001"),
        (tax_code, "001099012345", "001099012345"),
        (business_code, "0100109106", "0100109106"),
        (business_code, "0100109106-001", "0100109106-001"),
        (dossier_code, "000.12.34.H26-251114-0001", "000.12.34.H26-251114-0001"),
        (dossier_code, "000.12.34.h26-251114-0001 ", "000.12.34.H26-251114-0001"),
        (dossier_code, "G09.20-20260609-0092637", "G09.20-20260609-0092637"),
        (agency_code, "H26", "H26"),
        (agency_code, "H26.12.3A", "H26.12.3A"),
        (old_agency_code, "000.00.01.H26", "000.00.01.H26"),
        (ward_code, "00123", "00123"),
        (ward_code, 123, "00123"),
        (province_code, 1, "01"),
    ],
)
def test_good_values(rule: Rule, value: object, canonical: str) -> None:
    assert rule(value) == canonical


@pytest.mark.parametrize(
    ("rule", "value", "code", "message"),
    [
        (citizen_id, "01099012345", "bad_citizen_id", "11 digits; expected 12 digits"),
        (citizen_id, "36099012345", "lost_zero", "11 digits; expected 12: did it begin with a 0"),
        (citizen_id, 36099012345, "lost_zero", "11 digits; expected 12: did it begin with a 0"),
        (citizen_id, "012345678", "bad_citizen_id", "9 digits; expected 12 digits (an old id?)"),
        (citizen_id, "11111111111", "bad_citizen_id", "11 digits; expected 12 digits"),
        (citizen_id, 1099012345, "bad_citizen_id", "10 digits; expected 12 digits"),
        (citizen_id, "", "bad_citizen_id", "empty; expected 12 digits"),
        (citizen_id, "00109901234O", "bad_citizen_id", "12 characters (digits, letters); expected 12 digits"),
        (citizen_id, "٠٠١٠٩٩٠١٢٣٤٥", "bad_citizen_id", "12 characters (others); expected 12 digits"),
        (citizen_id, "000000000000", "bad_citizen_id", "12 digits, all the same: a placeholder"),
        (old_id, "12345678", "lost_zero", "8 digits; expected 9: did it begin with a 0"),
        (old_id, "1234567", "bad_old_id", "7 digits; expected 9 digits"),
        (old_id, "001099012345", "bad_old_id", "12 digits; expected 9 digits (a citizen id?)"),
        (tax_code, "0100109107", "bad_tax_code", "10 digits whose check digit is wrong"),
        (tax_code, "0100109106-", "bad_tax_code", "11 characters (digits, others)"),
        (tax_code, "0100109106-01", "bad_tax_code", "expected 10 digits, 10 and 3 for a branch, or 12"),
        (business_code, "0100109107", "bad_business_code", "10 digits whose check digit is wrong"),
        (
            business_code,
            "001099012345",
            "bad_business_code",
            "(a citizen id? that is a tax code, and no business code)",
        ),
        (business_code, "0000000000", "bad_business_code", "all the same: a placeholder"),
        (dossier_code, "000.12.34.H26-251314-0001", "bad_dossier_code", "whose date is not in the calendar"),
        (dossier_code, "H26-251114", "bad_dossier_code", "expected the form"),
        (agency_code, "000.00.01.H26", "bad_agency_code", "the form before QĐ 20/2020, which is kept as an alias"),
        (agency_code, "Z26", "bad_agency_code", "expected a letter A to Y"),
        (agency_code, "H26" + ".1" * 17, "bad_agency_code", "35 characters at most"),
        (ward_code, "123", "lost_zero", "3 digits; expected 5: leading zeros that a spreadsheet took?"),
        (ward_code, "1a", "bad_ward_code", "2 characters (digits, letters); expected 5 digits"),
        (ward_code, "", "bad_ward_code", "empty; expected 5 digits"),
        (tax_code, "100109106", "lost_zero", "9 digits; expected 10"),
        (tax_code, "100109107", "bad_tax_code", "9 digits; expected 10 digits, 10 and 3"),
        (province_code, 100, "bad_province_code", "3 digits; expected 2 digits"),
    ],
)
def test_bad_values(rule: Rule, value: object, code: str, message: str) -> None:
    with pytest.raises(RuleError) as caught:
        rule(value)
    assert caught.value.code == code
    assert message in str(caught.value)


@pytest.mark.parametrize(("rule", "length"), [(citizen_id, 12), (old_id, 9)])
@given(data=st.data())
def test_a_number_without_its_zero_is_held_with_a_proposal_that_is_valid(
    rule: Rule, length: int, data: st.DataObject
) -> None:
    whole = data.draw(st.from_regex(f"0[1-9][0-9]{{{length - 2}}}", fullmatch=True))
    assume(len(set(whole[1:])) > 1)
    with pytest.raises(HeldValue) as caught:
        rule(int(whole))
    assert caught.value.proposals == (whole,)
    assert rule(whole) == whole


@pytest.mark.parametrize("rule", RULES)
@given(value=st.one_of(st.text(max_size=20), st.from_regex(r"[0-9]{6,14}", fullmatch=True), st.integers()))
def test_what_is_taken_stays_as_it_is_and_what_is_not_is_not_told(rule: Rule, value: Any) -> None:
    try:
        canonical = rule(value)
    except RuleError as error:
        text = str(value).strip()
        # Ordinary words stand in the message by themselves.
        assert len(text) < 5 or not any(map(str.isdigit, text)) or text not in str(error)
    else:
        assert rule(canonical) == canonical


@given(st.from_regex(r"[0-9]{9}", fullmatch=True))
def test_one_check_digit_is_right_or_none_is(head: str) -> None:
    taken = [digit for digit in "0123456789" if _is_taken(head + digit)]
    weights = (31, 29, 23, 19, 17, 13, 7, 5, 3)
    check = 10 - sum(int(d) * w for d, w in zip(head, weights, strict=True)) % 11
    assert taken == ([str(check)] if check < 10 else [])


def _is_taken(text: str) -> bool:
    try:
        tax_code(text)
    except RuleError:
        return False
    return True


@given(st.dates(date(1900, 1, 1), date(2199, 12, 31)), st.sampled_from(["male", "female"]))
def test_a_citizen_id_tells_sex_and_year(born: date, sex: str) -> None:
    century = (born.year // 100 - 19) * 2 + (sex == "female")
    identifier = citizen_id(f"001{century}{born.year % 100:02}012345")
    assert citizen_id_facts(identifier) == CitizenIdFacts("001", sex, born.year)


def test_a_century_that_is_not_known_tells_nothing() -> None:
    assert citizen_id_facts("001699012345") == CitizenIdFacts("001", None, None)
