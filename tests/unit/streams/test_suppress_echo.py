"""What an event of a system that speaks and listens says, against what is known of its row and on its way to it."""

from typing import Any

from schemas.catalogue import compile_catalogue
from schemas.manifest import EXISTENCE
from schemas.records import Claim, EntityState
from streams.deduplicate import NO_FLOOR
from streams.identify import Said
from streams.merge import unknown
from streams.suppress_echo import suppress_echo
from streams.two_way import two_ways
from streams.unconfirmed import SEEN, Awaited, Unconfirmed, digest, row_tag
from tests.unit.streams.city import ENTITY
from tests.unit.streams.claims import claim
from tests.unit.streams.two_way_city import CITY

KEY, NEW = "citizen_id:001099000001", "citizen_id:001099000002"
TWO_WAY = two_ways(compile_catalogue(CITY, 1), ENTITY)["h"]


def row(residence: str | None, commit: int, **more: Any) -> Claim:
    return claim({"full_name": "A", "residence": residence, "phone": None}, **{**ROW, "commit": commit, **more})


ROW: Any = {"system": "h", "resource": "rows"}


def known(*held: Claim, coming: tuple[Awaited, ...] = (), texts: tuple[str, ...] = ()) -> EntityState:
    """The key, and what residences are on their way to the row."""
    awaited = Unconfirmed((), texts)
    awaited.put(row_tag("rows", "1"), TWO_WAY.fields["rows"]["residence"], [*coming])
    route: Any = {"system": "h", "version": 1, "digest": b"x", "unconfirmed": awaited.dumped(), "texts": [*texts]}
    return {**unknown(KEY), "claims": [*held], "routes": [route]}


def heard(said: Said, state: EntityState) -> Said:
    return suppress_echo(said, state, NO_FLOOR, TWO_WAY)[0]


def test_a_row_that_we_took_away_before_it_was_heard_of_does_not_say_that_nobody_is_there() -> None:
    for ours, echoed in ((True, [EXISTENCE]), (False, [])):
        said = heard(Said([claim(**ROW, ours=ours)]), known())
        assert said.here[0]["echoed"] == echoed


def test_a_word_that_was_written_over_does_not_go_along_with_its_row() -> None:
    coming = (Awaited(SEEN, digest("C")), Awaited(0, digest("D")))
    left = claim(**ROW, commit=2, left_to=NEW, ours=False)
    said = heard(Said([left], row("C", 2, ours=False), NEW, was_here=True), known(row("B", 1), coming=coming))
    assert said.onward is not None
    assert ((said.onward["values"] or {})["residence"], said.onward["echoed"]) == ("C", ["residence"])
    stays = heard(Said([row("C", 2, ours=False)], was_here=True), known(row("B", 1), coming=coming))
    assert ((stays.here[0]["values"] or {})["residence"], stays.here[0]["echoed"]) == ("B", [])


def test_what_only_an_alias_knows_of_a_row_it_knows_from_before_the_row_came_here() -> None:
    changed = Said([row("C", 2, ours=False)], was_here=True)
    assert heard(changed, known(row("B", 1, under=NEW))).here[0]["unheard"]
    assert not heard(changed, known(row("B", 1))).here[0]["unheard"]


def test_where_something_was_missed_what_was_sent_may_have_been_written_over() -> None:
    changed = Said([row("B", 3, ours=False)], was_here=True)
    for held, doubted in ((row("B", 1, under=NEW), True), (row("B", 1), False)):
        _, told = suppress_echo(changed, known(held, coming=(Awaited(0, digest("C")),)), NO_FLOOR, TWO_WAY)
        assert (told.doubts.get("h", {}).get("residence") == digest("B")) is doubted


def test_the_beginning_of_what_is_on_its_way_has_been_cut_off_by_the_target() -> None:
    texts = ("Hàng Bài", "Lò Đúc")
    coming = tuple(Awaited(0, digest(text)) for text in texts)
    for ours, shown, echoed in ((None, "Lò", ["residence"]), (None, "Bài", []), (False, "Lò", [])):
        said = heard(Said([row(shown, 2, ours=ours)]), known(row("B", 1), coming=coming, texts=texts))
        assert ((said.here[0]["values"] or {})["residence"], said.here[0]["echoed"]) == (shown, echoed)
