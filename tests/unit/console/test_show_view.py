"""Who says what of each field, and who decides."""

from console.show_view import sayings, state_view
from tests.unit.console.city import DAN_CU, HO_TICH, catalogue, claim, state
from tests.unit.console.screens import printed

_THUE = {
    "system": "thue",
    "connect": {"kind": "postgres"},
    "publishes": {
        "person": {
            "from": "public.nguoi_nop",
            "key": {"citizen_id": "cccd", "else": "id"},
            "fields": {"full_name": "ten", "phone": "dt"},
        }
    },
}
_KEY = "citizen_id:001099012345"


def test_the_owner_decides_though_another_spoke_later() -> None:
    owner = claim("ho_tich", {"full_name": "An"}, commit=1)
    other = claim("thue", {"full_name": "AN"}, commit=99)
    found = sayings(state(_KEY, owner, other), catalogue(HO_TICH, DAN_CU, _THUE), entity="person", field="full_name")
    assert [saying.value for saying in found] == ["An", "AN"]


def test_where_the_owner_is_silent_the_next_decides_and_a_stated_empty_is_no_silence() -> None:
    city = catalogue(HO_TICH, DAN_CU, _THUE)
    silent, empty = claim("ho_tich", {}), claim("ho_tich", {}, stated_null=["full_name"])
    other = claim("thue", {"full_name": "AN"})
    assert [s.value for s in sayings(state(_KEY, silent, other), city, entity="person", field="full_name")] == ["AN"]
    assert [s.value for s in sayings(state(_KEY, empty, other), city, entity="person", field="full_name")] == [
        None,
        "AN",
    ]


def test_of_two_rows_of_one_system_the_newer_decides_and_a_retracted_one_is_not_heard() -> None:
    old, new = claim("ho_tich", {"full_name": "Cũ"}, row="1"), claim("ho_tich", {"full_name": "Mới"}, row="2", commit=2)
    gone = claim("ho_tich", None, row="3", commit=3)
    found = sayings(state(_KEY, old, new, gone), catalogue(), entity="person", field="full_name")
    assert [saying.value for saying in found] == ["Mới", "Cũ"]


def test_identifiers_are_masked_unless_asked_for() -> None:
    whole = state(_KEY, claim("ho_tich", {"citizen_id": "001099012345", "full_name": "An"}))
    hidden = printed(state_view(whole, catalogue(), entity="person", show_values=False))
    shown = printed(state_view(whole, catalogue(), entity="person", show_values=True))
    assert "001099012345" not in hidden
    assert "An" in hidden
    assert shown.count("001099012345") == 2


def test_a_moved_key_says_where_it_went() -> None:
    grave = state("ho_tich#5", claim("ho_tich", None), status="moved", value=None, moved_to=_KEY, routes=[])
    screen = printed(state_view(grave, catalogue(), entity="person", show_values=False), width=80)
    assert "now known as citizen_id:001••••••345" in screen
    assert "Sent to: nobody" in screen
