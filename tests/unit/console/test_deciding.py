"""Who says what of each field, and who decides."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from console.deciding import DECIDES, Standing, existence, gone_claims, sayings
from schemas.catalogue import Catalogue
from schemas.compose import entity_fields
from schemas.manifest import BIRTH, EXISTENCE
from schemas.records import Claim, EntityState
from streams.merge import Cause, merge, unknown
from streams.rules import compile_rules
from streams.wire import Wire
from tests.unit.console.city import DAN_CU, HO_TICH, catalogue, claim, state
from tests.unit.streams.memory import MemoryRegistry

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
    assert [(saying.value, saying.standing) for saying in found] == [("An", Standing.owner), ("AN", Standing.kept)]


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


_CITY = catalogue(HO_TICH, DAN_CU, _THUE)
_SYSTEMS = {"ho_tich": ["full_name", "residence", "note"], "thue": ["full_name", "phone"]}


@st.composite
def _claims(draw: st.DrawFn) -> list[Claim]:
    """Random rows of the publishing systems, some of them gone."""
    made: list[Claim] = []
    for number in range(draw(st.integers(0, 5))):
        system = draw(st.sampled_from(sorted(_SYSTEMS)))
        fields = draw(st.lists(st.sampled_from(_SYSTEMS[system]), unique=True))
        values: dict[str, Any] = dict.fromkeys(entity_fields("person"))
        values |= {field: f"{system}{number}{field}" for field in fields}
        empty = [field for field in _SYSTEMS[system] if field not in fields and draw(st.booleans())]
        gone = draw(st.integers(0, 4)) == 0
        more = {
            "commit": draw(st.integers(1, 9)) * 10 + number,
            "stated_null": empty,
            "echoed": draw(st.lists(st.sampled_from([*_SYSTEMS[system], *([EXISTENCE] if gone else [])]), unique=True)),
            "under": draw(st.sampled_from(["", "", "a#1"])),
            "left_to": "b#1" if gone and draw(st.booleans()) else None,
        }
        made.append(claim(system, None if gone else values, row=str(number), **more))
    return made


def _state(claims: list[Claim], city: Catalogue) -> EntityState:
    authority = compile_rules(city, "person").authority
    return merge(unknown(_KEY), claims, authority, Cause("e", "a", 1, 1, 1))


def _wire(city: Catalogue) -> Any:
    return Wire("person", MemoryRegistry(), city.subscribers("person"))


@given(_claims())
def test_who_is_shown_to_decide_is_who_decided(claims: list[Claim]) -> None:
    found = _state(claims, _CITY)
    value = found["value"] or {}
    for field in entity_fields("person"):
        said = sayings(found, _CITY, entity="person", field=field)
        deciding = [saying.value for saying in said if saying.standing in DECIDES]
        said_by_somebody = any(saying.standing is not Standing.echoed for saying in said)
        assert deciding == ([value[field]] if said_by_somebody and found["status"] == "live" else [])
        assert deciding or value.get(field) is None


@given(_claims(), st.sampled_from([None, "ho_tich", "thue"]), st.sampled_from([None, "ho_tich", "thue"]))
def test_existence_is_told_as_it_was_decided(claims: list[Claim], owner: str | None, birth: str | None) -> None:
    city = catalogue(*[_owning(each, owner, birth) for each in (HO_TICH, DAN_CU, _THUE)])
    found = _state(claims, city)
    why = existence(found, city, entity="person")
    if found["status"] == "live":
        decides = owner or birth
        expected = "existence_owner" if decides in why.systems else "existence_birth" if decides else "existence_any"
        assert why.systems
    else:
        expected = "existence_gone" if owner or birth else "existence_none"
    assert why.word == expected


def _owning(manifest: dict[str, Any], owner: str | None, birth: str | None) -> dict[str, Any]:
    """The manifest, owning the existence, or the right to tell of it first, if it is the one."""
    if "publishes" not in manifest:
        return manifest
    published = manifest["publishes"]["person"]
    owns = [word for word in published.get("owns", []) if word != EXISTENCE]
    owns += [word for word, system in ((EXISTENCE, owner), (BIRTH, birth)) if system == manifest["system"]]
    return {**manifest, "publishes": {"person": {**published, "owns": owns}}}


def test_what_is_only_shown_decides_nothing() -> None:
    echo = claim("ho_tich", {"full_name": "An"}, echoed=["full_name"])
    other = claim("thue", {"full_name": "AN"})
    found = sayings(state(_KEY, echo, other), _CITY, entity="person", field="full_name")
    assert [(s.value, s.standing) for s in found] == [("AN", Standing.next), ("An", Standing.echoed)]


def test_a_row_of_this_key_comes_before_one_of_an_alias_and_who_left_is_not_among_the_gone_if_it_is_back() -> None:
    here, there = claim("thue", {"phone": "1"}, commit=1), claim("thue", {"phone": "2"}, row="2", commit=9, under="a#1")
    found = state(_KEY, there, here, claim("thue", None, row="2", left_to="b#1"), claim("thue", None, row="3"))
    assert [s.value for s in sayings(found, _CITY, entity="person", field="phone")] == ["1", "2"]
    assert [gone["row"] for gone in gone_claims(found)] == ["3"]


def test_a_system_that_publishes_no_more_decides_nothing() -> None:
    assert sayings(state(_KEY, claim("alien", {"note": "x"})), _CITY, entity="person", field="note") == []


def test_nobody_s_field_is_decided_by_the_first_in_order() -> None:
    [said] = sayings(state(_KEY, claim("thue", {"phone": "1"})), _CITY, entity="person", field="phone")
    assert said.standing is Standing.first
