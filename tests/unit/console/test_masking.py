"""Identifiers are hidden in part; what is no identifier is left alone."""

import pytest

from console.masking import masked, masked_key, masked_row


@pytest.mark.parametrize(
    ("value", "canonical", "shown"),
    [
        ("001099012345", "citizen_id", "001••••••345"),
        ("012345678", "old_id", "01•••••78"),
        ("+84912345678", "phone", "+84••••••678"),
        ("12", "citizen_id", "••"),
        ("Nguyễn Văn An", "name", "Nguyễn Văn An"),
        (None, "citizen_id", None),
    ],
)
def test_masks_identifiers_only(value: str | None, canonical: str, shown: str | None) -> None:
    assert masked(value, canonical) == shown


def test_masks_a_key_but_not_a_row_number() -> None:
    assert masked_key("citizen_id:001099012345") == "citizen_id:001••••••345"
    assert masked_key("ho_tich#123") == "ho_tich#123"
    assert masked_key("ho_tich#12345678") == "ho_tich#12••••78"


@pytest.mark.parametrize(
    ("row", "shown"),
    [
        ("123", "123"),
        ("1234567", "1234567"),
        ("036091108397", "036••••••397"),
        ("001,0100109106-001", "001,01••••••06-001"),
        ("a1b2", "a1b2"),
    ],
)
def test_masks_an_identifier_that_is_the_name_of_a_row(row: str, shown: str) -> None:
    assert masked_row(row) == shown
    assert masked_key(f"dkkd#{row}") == f"dkkd#{shown}"
