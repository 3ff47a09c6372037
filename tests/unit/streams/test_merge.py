"""The golden record: who decides what, who exists, and when a version is made."""

from schemas.records import Claim, Entity, EntityState
from streams.merge import Authority, golden, merge, unknown
from tests.unit.streams.claims import CAUSE, claim

AUTHORITY = Authority({"name": ("a", "b"), "phone": ("b", "a"), "note": ()}, frozenset({"a"}))
FREE = Authority(AUTHORITY.order, frozenset())


def said(system: str = "a", row: str = "1", commit: int = 1, null: tuple[str, ...] = (), **values: str | None) -> Claim:
    entity: Entity = {"name": None, "phone": None, "note": None} | values
    return claim(entity, system=system, row=row, commit=commit, stated_null=list(null))


def merged(claims: list[Claim], state: EntityState | None = None, moved_to: str | None = None) -> EntityState:
    return merge(state or unknown("k"), claims, AUTHORITY, CAUSE, moved_to=moved_to)


def test_the_owner_speaks_and_where_it_is_silent_the_next() -> None:
    claims = [said("a", name="A", phone="1"), said("b", name="B", phone="2")]
    assert golden(claims, AUTHORITY) == {"name": "A", "phone": "2", "note": None}
    assert golden([said("a", phone="1"), said("b", name="B")], AUTHORITY) == {"name": "B", "phone": "1", "note": None}


def test_an_owner_that_states_nothing_is_heard() -> None:
    value = golden([said("a", null=("name",)), said("b", name="B")], AUTHORITY)
    assert value is not None
    assert value["name"] is None


def test_of_several_rows_of_one_system_the_newest_word_counts() -> None:
    claims = [said("a", "1", 2, name="new"), said("a", "2", 1, name="old", phone="3")]
    assert golden(claims, AUTHORITY) == {"name": "new", "phone": "3", "note": None}


def test_only_owners_of_existence_make_an_entity_exist() -> None:
    assert golden([said("b", name="B")], AUTHORITY) is None
    assert golden([said("b", name="B")], FREE) is not None
    assert golden([claim(None), said("b", name="B")], AUTHORITY) is None
    assert golden([], FREE) is None


def test_a_version_for_each_new_value_or_status_and_for_nothing_else() -> None:
    first = merged([said("a", name="A")])
    assert (first["version"], first["status"], first["changed_time"], first["revision"]) == (1, "live", 6, 7)
    same = merged([said("a", name="A", commit=2)], first)
    assert (same["version"], same["claims"][0]["commit"]) == (1, 2)
    second = merged([said("a", name="B", commit=3)], same)
    grave = merged([claim(None, commit=4)], second)
    assert (second["version"], grave["version"], grave["status"], grave["value"]) == (2, 3, "deleted", None)
    assert merged([said("a", name="B", commit=5)], grave)["version"] == 4
    assert second["status"] == "live", "what was given stays as it is"


def test_a_key_that_was_left_points_on_until_somebody_claims_it() -> None:
    moved = merged([claim(None)], merged([said("a", name="A")]), moved_to="n")
    assert (moved["status"], moved["moved_to"], moved["version"]) == ("moved", "n", 2)
    assert merged([claim(None, commit=2)], moved)["moved_to"] == "n"
    back = merged([said("a", name="A", commit=3)], moved)
    assert (back["status"], back["moved_to"]) == ("live", None)
    assert merged([claim(None), said("b", name="B")], moved)["status"] == "deleted"
