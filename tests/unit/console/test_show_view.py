"""What the screen hides, and what it says of records that are no more."""

from console.finding import Found
from console.show_view import record_view, showing
from console.words import Language
from schemas.records import EntityState
from tests.unit.console.city import catalogue, claim, state
from tests.unit.console.screens import printed

_KEY = "citizen_id:001099012345"


def _printed(found: EntityState, *, asked: str = _KEY, show_values: bool = False) -> str:
    how = showing(catalogue(), "person", Language.en, show_values=show_values)
    return printed(record_view(Found(asked, found), how), width=140)


def test_identifiers_are_masked_unless_asked_for() -> None:
    whole = state(
        _KEY,
        claim("ho_tich", {"citizen_id": "001099012345", "full_name": "An"}, aliases=[_KEY]),
        aliases=["old_id:012345678"],
    )
    hidden, shown = _printed(whole), _printed(whole, show_values=True)
    for secret in ("001099012345", "012345678"):
        assert secret not in hidden
        assert secret in shown
    assert "An" in hidden


def test_proposals_are_masked_too() -> None:
    held = [{"field": "citizen_id", "reason": "lost_zero", "proposals": ["036099012345"]}]
    whole = state("ho_tich#1", claim("ho_tich", {"full_name": "An"}, held=held))
    assert "036099012345" not in _printed(whole)
    assert "036••••••345 ?" in _printed(whole)
    assert "036099012345 ?" in _printed(whole, show_values=True)


def test_a_reason_without_a_word_is_told_as_it_is() -> None:
    whole = state(_KEY, claim("ho_tich", {}, held=[{"field": "note", "reason": "brand_new", "proposals": []}]))
    assert "waits for a person: brand_new" in _printed(whole)


def test_a_deleted_record_still_shows_what_others_say() -> None:
    kept = state(
        _KEY,
        claim("ho_tich", None),
        claim("ho_tich", {"note": "còn"}, row="2"),
        status="deleted",
        value=None,
        routes=[],
    )
    screen = _printed(kept)
    assert "deleted, version 3" in screen
    assert "does not count; the record is no more" in screen
    assert "Withdrawn: ho_tich public.bang 1" in screen


def test_a_key_of_which_only_another_tells_never_had_a_record() -> None:
    screen = _printed(state("old_id:012345678", status="deleted", version=0, value=None))
    assert "there never was a record" in screen
    assert "1970" not in screen


def test_a_row_that_is_called_by_an_identifier_is_masked_too() -> None:
    whole = state("x#036091108397", claim("ho_tich", {"full_name": "An"}, row="036091108397"))
    assert "036091108397" not in _printed(whole, asked="x#036091108397")
    assert "public.bang 036••••••397" in _printed(whole)
    assert "public.bang 036091108397" in _printed(whole, show_values=True)
