"""What another key has sent: who is owed the present truth once a copy is taken back."""

from schemas.catalogue import compile_catalogue
from schemas.records import Claim
from streams.claims import row_name
from streams.merge import unknown
from streams.receive import still_owed
from streams.turn import Turn
from streams.two_way import two_ways
from tests.unit.streams.city import ENTITY
from tests.unit.streams.claims import claim
from tests.unit.streams.two_way_city import CITY

KEY, ALIAS, ELSEWHERE = (f"citizen_id:00109900000{number}" for number in (1, 2, 3))
TWO_WAYS = two_ways(compile_catalogue(CITY, 1), ENTITY)


def copy(system: str, *, under: str = ALIAS) -> Claim:
    return claim({"full_name": "A", "residence": None, "phone": None}, system=system, resource="rows", under=under)


def owed(*held: Claim, now: tuple[Claim, ...] = (), left: tuple[Claim, ...] = ()) -> list[tuple[str, str]]:
    """After the alias has said that so many of its claims count here `now`, and which of its rows have `left`."""
    went = {row_name(claim): str(claim["left_to"]) for claim in left}
    turn = Turn({**unknown(KEY), "claims": [*held]}, [*now], [], went=went)
    return still_owed(turn, ALIAS, TWO_WAYS)


def test_a_row_of_a_systems_own_is_owed_the_truth_by_whoever_has_it_now() -> None:
    assert owed(copy("h")) == [(ALIAS, "h")]
    gone = claim(system="h", resource="rows", under=ALIAS, left_to=ELSEWHERE)
    assert owed(copy("h"), left=(gone,)) == [(ELSEWHERE, "h")]
    assert owed(copy("h"), left=({**gone, "left_to": KEY},)) == []


def test_nobody_else_is_owed_anything() -> None:
    assert owed(copy("h"), now=(copy("h"),)) == []
    assert owed(copy("d")) == [], "its rows are made and taken away by the record's key, and renamed with it"
    assert owed(copy("h", under=ELSEWHERE)) == []
