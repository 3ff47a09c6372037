"""The golden record: who decides what, who exists, and when a version is made."""

from schemas.records import Claim, Entity, EntityState
from streams.merge import Authority, golden, merge, unknown
from tests.unit.streams.claims import CAUSE, claim

AUTHORITY = Authority({"name": ("a", "b"), "phone": ("b", "a"), "note": ()}, frozenset({"a"}))
BORN = Authority(AUTHORITY.order, frozenset({"a"}), frozenset({"b"}))
FREE = Authority(AUTHORITY.order, frozenset())


def said(system: str = "a", row: str = "1", commit: int = 1, null: tuple[str, ...] = (), **values: str | None) -> Claim:
    entity: Entity = {"name": None, "phone": None, "note": None} | values
    return claim(entity, system=system, row=row, commit=commit, stated_null=list(null))


def shown(system: str, *echoed: str, **values: str | None) -> Claim:
    """What a row that we have made only repeats in the fields `echoed`, and says in the others."""
    entity: Entity = {"name": None, "phone": None, "note": None} | values
    return claim(entity, system=system, echoed=[*echoed, "existence"])


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


def test_what_is_only_shown_is_not_said() -> None:
    claims = [said("a", phone="1"), shown("b", "name", name="B", phone="2")]
    assert golden(claims, FREE) == {"name": None, "phone": "2", "note": None}
    assert golden([shown("b", "name", name="B", phone="2")], FREE) == {"name": None, "phone": "2", "note": None}
    stated_empty = claim({"name": None, "phone": None}, system="b", echoed=["phone"], stated_null=["phone"])
    value = golden([said("a", phone="1"), stated_empty], FREE)
    assert value is not None
    assert value["phone"] == "1"


def test_a_row_that_shows_only_what_it_was_given_makes_nobody_exist() -> None:
    assert golden([shown("a", "name", name="A")], AUTHORITY) is None
    assert golden([shown("a", "name", name="A")], FREE) is None
    assert golden([shown("a", "name", name="A", phone="1")], AUTHORITY) is not None
    stated_empty = claim({"name": "A", "phone": None}, echoed=["name", "existence"], stated_null=["phone"])
    assert golden([stated_empty], AUTHORITY) is not None, "it says that there is no phone"
    made_by_its_users = claim({"name": "A", "phone": None}, echoed=["name"])
    assert golden([made_by_its_users], AUTHORITY) is not None


def test_a_word_about_a_row_of_ones_own_counts_before_one_that_came_by_an_alias() -> None:
    older = said("a", "1", 1, name="own")
    newer = claim({"name": "by alias", "phone": None, "note": None}, row="2", commit=2, under="k:old")
    value = golden([newer, older], AUTHORITY)
    assert value is not None
    assert value["name"] == "own"


def test_a_birth_counts_as_long_as_the_owner_of_existence_has_not_spoken() -> None:
    born = said("b", name="B")
    assert golden([born], BORN) is not None
    assert golden([born, shown("a", "name", name="B")], BORN) is not None
    assert golden([born, said("a", name="A")], BORN) is not None
    assert golden([born, claim(None, system="a")], BORN) is None, "the owner has said that it is gone"
    assert golden([claim(None, system="a"), said("a", "2", name="A")], BORN) is not None
    assert golden([said("c", name="C")], BORN) is None
    assert golden([shown("b", "name", name="B")], BORN) is None


def test_a_row_that_went_elsewhere_or_that_we_took_away_says_nothing_of_existence() -> None:
    born = said("b", name="B")
    assert golden([born, claim(None, system="a", left_to="n")], BORN) is not None
    assert golden([born, claim(None, system="a", echoed=["existence"])], BORN) is not None


def test_a_birth_alone_decides_where_nobody_owns_existence() -> None:
    only = Authority(AUTHORITY.order, frozenset(), frozenset({"b"}))
    assert golden([said("b", name="B")], only) is not None
    assert golden([said("a", name="A")], only) is None


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
