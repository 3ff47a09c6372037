"""One verdict a subscriber, whatever has become of a record."""

from typing import Any, cast

from console.tracing.journey import Delivered
from console.tracing.lookups import Ending, Lookups
from console.tracing.sweep import Met
from console.tracing.verdicts import Judge
from schemas.records import EntityState
from tests.unit.console.city import DAN_CU, HO_TICH, catalogue, claim, state

KEY = "citizen_id:001099012345"
TO = ("to.dan_cu.person", 0)
RAW = ("raw.ho_tich.person", 0)


class Known:
    """What the store would answer."""

    def __init__(self, *ends: tuple[tuple[str, int], int, Ending], next_offset: int = 0) -> None:
        self._ends = {(place, offset): end for place, offset, end in ends}
        self._next = next_offset

    def end(self, place: tuple[str, int], offset: int) -> Ending | None:
        return self._ends.get((place, offset))

    def next_offsets(self) -> dict[tuple[str, int], int]:
        return {TO: self._next, RAW: self._next}

    def waiting_before(self, place: tuple[str, int], offset: int) -> int:
        return offset - self._next


def judge(known: Known, *, word: str | None = "", **subscription: Any) -> Judge:
    receives = {**DAN_CU["subscribes"]["person"], **subscription}
    city = catalogue(HO_TICH, {**DAN_CU, "subscribes": {"person": receives}})
    return Judge(city, "person", cast(Lookups, known), lambda _: word)


def person(**more: Any) -> EntityState:
    return state(KEY, claim("ho_tich", {"full_name": "An", "ward": "00004"}, row="17", commit=5), **more)


def delivery(operation: str = "upsert") -> Delivered:
    return Delivered(TO, 7, operation, 3, 1_000, 7)


def words(judge: Judge, state: EntityState, delivery: Delivered | None) -> list[str]:
    return [name for name, _ in judge.verdict(state, "dan_cu", delivery).sentences]


def test_who_was_delivered_to_has_it() -> None:
    told = judge(Known((TO, 7, Ending("delivered", 2_000, "sink/dan_cu")), next_offset=8))
    assert told.verdict(person(), "dan_cu", delivery()).sentences == (
        ("has_it", {"system": "dan_cu", "version": 3, "time": 2_000}),
    )
    assert words(told, person(), delivery("rename")) == ["was_renamed"]


def test_what_was_taken_away_is_told_with_the_reason() -> None:
    known = Known((TO, 7, Ending("delivered", 2_000, "sink/dan_cu")), next_offset=8)
    assert words(judge(known, where="ward == '00008'"), person(), delivery("delete")) == [
        "was_taken_away",
        "out_of_scope",
    ]


def test_what_waits_is_told_with_the_trouble_of_its_sink() -> None:
    [waits, says] = (
        judge(Known(next_offset=4), word="no route to host").verdict(person(), "dan_cu", delivery()).sentences
    )
    assert (waits[0], waits[1]["count"], says) == ("on_its_way", 3, ("sink_says", {"message": "no route to host"}))
    assert words(judge(Known(next_offset=4), word=None), person(), delivery()) == ["on_its_way", "sink_silent"]
    assert words(judge(Known(next_offset=4)), person(), delivery()) == ["on_its_way"]


def test_what_was_refused_is_told_with_what_to_do() -> None:
    end = Ending("quarantined", 2_000, "sink/dan_cu", "too_long", "shorten it in the source")
    [(name, facts)] = judge(Known((TO, 7, end), next_offset=8)).verdict(person(), "dan_cu", delivery()).sentences
    assert (name, facts["reason"], facts["message"]) == ("was_refused", "too_long", "shorten it in the source")


def test_what_ended_too_long_ago_is_said_to_be() -> None:
    assert words(judge(Known(next_offset=8)), person(), delivery()) == ["known_before"]
    assert words(judge(Known()), person(), None) == ["known_before"]


def test_who_was_sent_nothing_is_told_why() -> None:
    nothing: list[Any] = []
    assert words(judge(Known(), where="ward == '00008'"), person(routes=nothing), None) == ["out_of_scope"]
    assert words(judge(Known(), key={"ma": "old_id"}), person(routes=nothing), None) == ["no_number"]
    assert words(judge(Known()), person(status="deleted", value=None), None) == ["is_gone"]
    assert words(judge(Known()), person(routes=nothing), None) == ["not_yet"]
    assert words(judge(Known()), state(KEY, version=0, routes=nothing, value=None), None) == ["unknown_yet"]


def test_a_later_change_that_was_refused_or_waits_is_told() -> None:
    met = [
        Met(RAW, offset, b"", 9, f"ho_tich/public.bang/1/{commit:x}/1") for offset, commit in ((1, 5), (2, 6), (3, 7))
    ]
    known = Known((RAW, 2, Ending("quarantined", 9, "w1", "bad_date", "correct it")), next_offset=3)
    assert [name for name, _ in judge(known).later(person(), met)] == ["later_refused", "later_waits"]


def test_fields_that_wait_for_a_person_are_told() -> None:
    held = [{"field": "ward", "reason": "ward_split", "proposals": []}]
    waiting = state(KEY, claim("ho_tich", {"full_name": "An"}, held=held))
    [(name, facts)] = judge(Known()).held(waiting)
    assert (name, facts) == ("held_field", {"field": "ward", "system": "ho_tich", "reason": "ward_split"})
