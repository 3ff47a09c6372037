"""Claims that come from another key: what the row said there, it says here."""

import pytest

from schemas.catalogue import compile_catalogue
from streams.claims import shows
from streams.deduplicate import NO_FLOOR
from streams.merge import unknown
from streams.suppress_echo import suppress_sent_echo
from streams.two_way import two_ways
from tests.unit.streams.city import ENTITY
from tests.unit.streams.claims import claim
from tests.unit.streams.two_way_city import CITY

KEY = "citizen_id:001099000001"
TWO_WAYS = two_ways(compile_catalogue(CITY, 1), ENTITY)
VALUES = {"full_name": "A", "residence": "B", "phone": None}


def received(*echoed: str, ours: bool | None) -> list[str]:
    """What a row of `h`, of which this key knows nothing yet, only shows here."""
    sent = claim(VALUES, system="h", resource="rows", stated_null=["phone"], echoed=[*echoed], ours=ours)
    [found], _ = suppress_sent_echo([sent], unknown(KEY), lambda *_: NO_FLOOR, TWO_WAYS)
    assert set(shows(found)) == set(VALUES)
    return found["echoed"]


@pytest.mark.parametrize("ours", [True, False, None])
def test_what_was_said_under_the_last_key_is_said_under_this_one(*, ours: bool | None) -> None:
    assert received("residence", ours=ours) == ["residence"]


def test_a_row_that_no_key_knew_shows_what_we_write_and_says_the_rest() -> None:
    assert set(received(ours=True)) == {"residence", "phone"}
    assert received(ours=False) == []
