"""Which spellings a manifest may name, and that each of them really reads and writes."""

import pytest

from schemas import compose
from schemas.conversions import (
    canonical_formats,
    canonical_values,
    identifier_kinds,
    reader,
    spellings,
    valid_identifier,
    writer,
    written_spellings,
)

FORMATS = sorted(canonical_formats())
SAMPLES = {
    "agency_code": "H26.12",
    "business_code": "0100109106-001",
    "dossier_code": "000.12.34.H26-251114-0001",
    "province": "01",
    "tax_code": "0100109106",
    "citizen_id": "001190012345",
    "date": "1990-05-12",
    "name": "Nguyễn Thị Hòa",
    "old_id": "012345678",
    "phone": "+84912345678",
    "sex": "female",
    "business_kind": "household",
    "business_status": "suspended",
    "civil_status": "birth",
    "text": "Hải Hậu, Nam Định",
    "ward": "00025",
    "year": "1990",
}


def test_every_field_of_every_entity_has_a_known_format() -> None:
    used = {name for entity in compose.entities() for name in compose.entity_fields(entity).values()}
    assert used <= canonical_formats()


@pytest.mark.parametrize("canonical", FORMATS)
def test_a_canonical_value_is_read_and_written_as_it_is(canonical: str) -> None:
    value = SAMPLES[canonical]
    assert reader(canonical, None, None)(value) == value
    assert writer(canonical, None, None)(value) == value


@pytest.mark.parametrize("canonical", FORMATS)
def test_what_is_written_in_a_spelling_is_read_back(canonical: str) -> None:
    for spelled in written_spellings(canonical):
        written = writer(canonical, spelled, None)(SAMPLES[canonical])
        expected = "1990" if spelled == "yyyy" else SAMPLES[canonical]
        assert reader(canonical, spelled, None)(written) == expected


def test_a_time_of_day_is_read_and_never_written() -> None:
    assert spellings("date") - written_spellings("date") == {"yyyyMMddHHmm", "yyyyMMddHHmmss", "yyyy-MM-dd HH:mm:ss"}
    assert {"dd/MM/yyyy", "yyyy-MM-dd"} <= written_spellings("date")


def test_text_has_one_spelling() -> None:
    assert spellings("text") == written_spellings("text") == frozenset()


def test_codes_go_both_ways() -> None:
    codes = {"1": "male", "2": "female"}
    assert reader("sex", None, codes)(2) == "female"
    assert writer("sex", None, codes)("female") == "2"
    assert canonical_values("sex") == frozenset({"male", "female", "other"})
    assert canonical_values("text") is None


@pytest.mark.parametrize(
    ("kind", "value", "found"),
    [
        ("citizen_id", "001190012345", "001190012345"),
        ("citizen_id", 111190012345, "111190012345"),
        ("citizen_id", "000000000000", None),
        ("citizen_id", "00119001234", None),
        ("citizen_id", None, None),
        ("citizen_id", "", None),
        ("old_id", "012345678", "012345678"),
        ("old_id", "001190012345", None),
        ("business_code", "0100109106001", "0100109106-001"),
        ("business_code", "0100109107", None),
        ("business_code", "001190012345", None),
        ("tax_code", "001190012345", "001190012345"),
    ],
)
def test_valid_identifiers(kind: str, value: object, found: str | None) -> None:
    assert kind in identifier_kinds()
    assert valid_identifier(kind)(value) == found
