"""What an event claims under its own key and what under another, read or unread, and which keys it says are one."""

from typing import Any

import pytest

from schemas.mapping import MappedIn, MappingError, Stated
from schemas.records import Claim, EntityState, Row
from streams.errors import Unprocessable
from streams.identify import JUST_BEFORE, Said, identify, identify_unread
from streams.merge import unknown
from streams.normalise import Resource
from tests.unit.streams.claims import claim, event

MAPPED = MappedIn({"full_name": "A", "note": None}, ["note"])
SAID: dict[str, Any] = {"values": MAPPED.values, "stated_null": ["note"], "source_time": 5, "mapping": 3}
GONE: dict[str, Any] = {"source_time": 5, "mapping": 3}
CITIZEN, OTHER = "citizen_id:001099000001", "citizen_id:001099000002"


def names(row: Row, key: str) -> Stated:
    if "aliases" not in row:
        raise MappingError(field="key", column="aliases", reason="missing_column", message="gone")
    return Stated(tuple(row["aliases"]), tuple(row["formerly"]))


PLAIN = Resource("a", lambda row: MAPPED, 3)
AUTHORITY = Resource("a", lambda row: MAPPED, 3, names, frozenset({"citizen_id"}))


def at(key: str, *held: Claim) -> EntityState:
    return {**unknown(key), "claims": [*held]}


def said(key: str = "k", *held: Claim, operation: str = "update", resource: Resource = PLAIN, **more: Any) -> Said:
    mapped = None if operation == "delete" else MAPPED
    return identify(event(operation, **more), at(key, *held), mapped, resource)


def test_a_row_claims_its_values_under_its_key() -> None:
    assert said() == ([claim(**SAID)], None, None, True)
    assert not said(operation="create").was_here


def test_a_deleted_row_claims_nothing() -> None:
    assert said("k", claim(**SAID), operation="delete", after=None) == ([claim(**GONE)], None, None, False)


@pytest.mark.parametrize("held", [[], [claim(**GONE, left_to="n")]])
def test_of_a_deleted_row_that_did_not_stand_here_something_is_still_to_be_heard(held: list[Claim]) -> None:
    assert said("k", *held, operation="delete", after=None) == ([claim(**GONE, unheard=True)], None, None, False)


def test_a_changed_key_withdraws_the_claim_here_and_sends_it_on() -> None:
    assert said(new_key="n") == ([claim(**GONE, left_to="n")], claim(**SAID), "n", True)


def test_a_key_that_changes_to_itself_does_not_change() -> None:
    assert said(new_key="k").onward is None


def test_a_row_with_another_name_goes_on_under_that() -> None:
    assert said(previous_row="0").here == [claim(**SAID), claim(row="0", **GONE, left_to="k")]
    both = said(previous_row="0", new_key="n")
    assert both.here == [claim(**GONE, left_to="n"), claim(row="0", **GONE, left_to="n")]


NAMING: dict[str, Any] = {"aliases": ["old_id:012345678"], "formerly": ["b#2"]}


def test_an_authority_names_the_keys_that_are_one_with_its_own() -> None:
    assert said(CITIZEN, resource=AUTHORITY, after=NAMING).here == [claim(**SAID, **NAMING)]


def test_a_provisional_key_ends_where_the_authority_gives_a_number() -> None:
    found = said("a#1", resource=AUTHORITY, after=NAMING, new_key=CITIZEN)
    assert found.onward == claim(**SAID, aliases=NAMING["aliases"], formerly=["b#2", "a#1"])
    assert found.here == [claim(**GONE, left_to=CITIZEN, aliases=NAMING["aliases"], formerly=["b#2", "a#1"])]


def test_who_gives_no_numbers_goes_alone() -> None:
    assert said("a#1", new_key=CITIZEN).onward == claim(**SAID)


def test_from_one_number_to_another_a_row_goes_alone_with_the_keys_that_it_went_by() -> None:
    held = claim({}, formerly=["a#1", OTHER], aliases=["old_id:1"])
    found = said(CITIZEN, held, resource=AUTHORITY, after={"aliases": [], "formerly": []}, new_key=OTHER)
    assert found.onward == claim(**SAID, formerly=["a#1"])


def test_a_missing_column_of_names_is_told() -> None:
    with pytest.raises(Unprocessable) as caught:
        said(CITIZEN, resource=AUTHORITY, after={})
    assert (caught.value.stage, caught.value.reason.code) == ("normalise", "missing_column")


HELD = claim({"full_name": "B"}, epoch=0, source_time=2, stated_null=["note"], echoed=["note"])
STAYS: dict[str, Any] = {
    "values": HELD["values"],
    "stated_null": ["note"],
    "echoed": ["note"],
    "source_time": 2,
    "mapping": JUST_BEFORE,
}
LEFT: dict[str, Any] = {"source_time": 5, "mapping": JUST_BEFORE, "left_to": "n"}


def unread(key: str = "k", *held: Claim, resource: Resource = PLAIN, **more: Any) -> Said:
    return identify_unread(event(**more), at(key, *held), resource)


def test_unread_a_row_keeps_what_it_said_last_just_before_the_event() -> None:
    assert unread("k", HELD) == ([claim(**STAYS)], None, None, False)


def test_unread_a_row_that_said_nothing_says_nothing() -> None:
    assert unread().here == []
    assert unread("k", claim()).here == []


def test_unread_a_changed_key_takes_the_last_values_along() -> None:
    assert unread("k", HELD, new_key="n") == ([claim(**LEFT | {"source_time": 2})], claim(**STAYS), "n", False)


def test_unread_a_changed_key_keeps_older_claims_out_even_if_none_is_here_yet() -> None:
    assert unread(new_key="n") == ([claim(**LEFT)], None, "n", False)


def test_unread_a_changed_primary_key_takes_the_last_values_along() -> None:
    found = unread("k", HELD, row="2", previous_row="1")
    assert found.here == [claim(row="2", **STAYS), claim(row="1", **LEFT | {"left_to": "k"})]


def test_unread_a_row_keeps_the_names_that_it_gave_and_the_key_at_which_it_began() -> None:
    held = claim({}, formerly=["b#2"], aliases=["old_id:1", CITIZEN])
    found = unread("a#1", held, resource=AUTHORITY, new_key=CITIZEN)
    assert found.onward is not None
    assert (found.onward["formerly"], found.onward["aliases"]) == (["b#2", "a#1"], ["old_id:1"])


def test_unread_a_row_that_has_said_nothing_yet_still_tells_the_key_at_which_it_began() -> None:
    found = unread("a#1", resource=AUTHORITY, new_key=CITIZEN)
    assert found.onward is not None
    assert (found.onward["values"], found.onward["left_to"], found.onward["formerly"]) == (None, CITIZEN, ["a#1"])
