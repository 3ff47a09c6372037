"""Claims that come from another key: what the row said there, it says here."""

from typing import Any

import pytest

from schemas.catalogue import compile_catalogue
from schemas.manifest import EXISTENCE
from schemas.records import Claim, EntityState, Route
from streams.claims import shows
from streams.deduplicate import NO_FLOOR
from streams.merge import unknown
from streams.sent_echo import heed, suppress_sent_echo
from streams.two_way import two_ways
from streams.unconfirmed import Awaited, Unconfirmed, digest, row_tag
from tests.unit.streams.city import ENTITY
from tests.unit.streams.claims import claim
from tests.unit.streams.two_way_city import CITY

KEY = "citizen_id:001099000001"
TWO_WAYS = two_ways(compile_catalogue(CITY, 1), ENTITY)
VALUES = {"full_name": "A", "residence": "B", "phone": None}


def received(*echoed: str, ours: bool | None) -> list[str]:
    """What a row of `h`, of which this key knows nothing yet, only shows here."""
    sent = claim(VALUES, system="h", resource="rows", stated_null=["phone"], echoed=[*echoed], ours=ours)
    [found], _, _ = suppress_sent_echo([sent], unknown(KEY), lambda *_: NO_FLOOR, TWO_WAYS)
    assert set(shows(found)) == set(VALUES)
    return found["echoed"]


@pytest.mark.parametrize("ours", [True, False, None])
def test_what_was_said_under_the_last_key_is_said_under_this_one(*, ours: bool | None) -> None:
    assert received("residence", ours=ours) == ["residence"]


def test_a_row_that_no_key_knew_shows_what_we_write_and_says_the_rest() -> None:
    assert set(received(ours=True)) == {"residence", "phone"}
    assert received(ours=False) == []


ALIAS, ELSEWHERE = "citizen_id:001099000002", "citizen_id:001099000003"
RESIDENCE = TWO_WAYS["h"].fields["rows"]["residence"]


def copy(residence: str, commit: int, **more: Any) -> Claim:
    values = {"full_name": "A", "residence": residence, "phone": None}
    return claim(values, system="h", resource="rows", commit=commit, under=ALIAS, **more)


def sent(*residences: str, held: Claim) -> EntityState:
    """The key at which the copy counts; its row was sent these residences and has not shown them yet."""
    awaited = Unconfirmed(())
    awaited.put(row_tag("rows", "1"), RESIDENCE, [Awaited(0, digest(each)) for each in residences])
    route: Route = {"system": "h", "version": 1, "digest": b"x", "unconfirmed": awaited.dumped(), "texts": []}
    return {**unknown(KEY), "claims": [held], "routes": [route]}


def judged(state: EntityState, *claims: Claim) -> tuple[list[Claim], list[tuple[str, Claim]]]:
    found, _, told = suppress_sent_echo([*claims], state, lambda *_: NO_FLOOR, TWO_WAYS)
    return found, told


def test_what_a_copy_only_shows_is_told_at_its_home() -> None:
    [found], told = judged(sent("C", held=copy("B", 1)), copy("C", 2))
    assert found["echoed"] == ["residence"]
    assert told == [(ALIAS, {**found, "under": ALIAS})]
    assert judged(sent(held=found), found) == ([found], [])


def test_a_copy_that_comes_once_more_is_as_it_was_found_then() -> None:
    first = copy("C", 2, echoed=["residence"])
    [found], told = judged(sent(held=first), copy("C", 2))
    assert found == first
    assert told == [(ALIAS, first)]


def test_what_another_key_sent_may_have_come_over_what_was_sent_from_here() -> None:
    for shown, doubted in (("D", True), ("C", False), ("B", False)):
        state = sent("C", held=copy("B", 1))
        found = suppress_sent_echo([copy(shown, 2, echoed=["residence"])], state, lambda *_: NO_FLOOR, TWO_WAYS)
        assert ("residence" in found[1].doubts.get("h", {})) is doubted


def test_what_a_row_only_shows_that_goes_elsewhere_is_told_there() -> None:
    _, told = judged(sent("C", held=copy("B", 1)), copy("C", 2, left_to=ELSEWHERE))
    [(home, found)] = told
    assert (home, found["under"], found["left_to"], found["echoed"]) == (ELSEWHERE, ELSEWHERE, None, ["residence"])


def heeded(held: Claim, *, by_target: bool = True) -> list[str]:
    told = copy("C", 2, echoed=["residence", "full_name", EXISTENCE])
    return sorted(heed(held, told, TWO_WAYS["h"].fields["rows"], by_target=by_target)["echoed"])


def test_its_home_believes_who_knows_what_was_sent() -> None:
    assert heeded(copy("C", 2)) == ["residence"]
    assert heeded(copy("C", 2, echoed=["phone"])) == ["residence"]
    assert heeded(copy("C", 2, echoed=["phone"]), by_target=False) == ["phone", "residence"]
    assert heeded(copy("C", 2, echoed=["full_name"])) == ["full_name", "residence"]
    assert heeded(copy("C", 3)) == ["residence"]
    assert heeded(copy("D", 3)) == []
    assert heeded(copy("C", 1)) == []


def test_what_its_home_has_heard_of_a_row_since_counts_where_it_was_only_guessed() -> None:
    guessed = copy("C", 2, echoed=["full_name", EXISTENCE, "residence"], unheard=True, ours=True)
    now = copy("C", 2, ours=True)
    assert judged(sent(held=guessed), now) == ([now], [])
