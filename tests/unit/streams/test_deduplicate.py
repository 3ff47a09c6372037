"""Positions decide: news, repeat, superseded; per row, and against the floor."""

from typing import Any

import pytest

from streams.deduplicate import NO_FLOOR, Verdict, deduplicate, is_overtaken, weigh
from tests.unit.streams.claims import claim, event


@pytest.mark.parametrize(
    ("later", "verdict"),
    [
        ({"epoch": 2, "commit": 0, "ordinal": 0, "mapping": 0}, "news"),
        ({"commit": 2, "ordinal": 0, "mapping": 0}, "news"),
        ({"ordinal": 2, "mapping": 0}, "news"),
        ({"mapping": 2}, "news"),
        ({"edit": 1}, "news"),
        ({}, "repeat"),
        ({"mapping": 0, "edit": 9}, "superseded"),
        ({"ordinal": 0, "mapping": 9}, "superseded"),
        ({"commit": 0, "ordinal": 9}, "superseded"),
        ({"epoch": 0, "commit": 9}, "superseded"),
    ],
)
def test_epoch_commit_ordinal_mapping_and_edit_decide_in_this_order(later: dict[str, Any], verdict: Verdict) -> None:
    assert weigh(claim(**later), claim(), NO_FLOOR) == verdict


def test_what_nobody_has_heard_of_is_news() -> None:
    assert weigh(claim(), None, NO_FLOOR) == "news"


@pytest.mark.parametrize(
    ("floor", "verdict"), [((1, 1, 1), "news"), ((1, 1, 2), "superseded"), ((2, 0, 0), "superseded")]
)
def test_below_the_floor_all_is_superseded(floor: tuple[int, int, int], verdict: Verdict) -> None:
    assert weigh(claim(mapping=9), None, floor) == verdict


@pytest.mark.parametrize("other", [{"row": "2"}, {"resource": "u"}, {"system": "b"}])
def test_rows_do_not_compare_with_each_other(other: dict[str, Any]) -> None:
    held = [claim(commit=9)]
    weighed = deduplicate(held, [claim(**other)], NO_FLOOR)
    assert weighed.first == "news"
    assert weighed.claims == [*held, claim(**other)]
    assert held == [claim(commit=9)], "what was held stays as it is"


def test_every_claim_said_is_weighed_on_its_own() -> None:
    held = [claim(row="new", commit=9), claim(row="old", commit=1)]
    weighed = deduplicate(held, [claim(row="new", commit=5), claim(row="old", commit=5)], NO_FLOOR)
    assert (weighed.first, weighed.changed) == ("superseded", True)
    assert {c["row"]: c["commit"] for c in weighed.claims} == {"new": 9, "old": 5}


def test_nothing_said_changes_nothing() -> None:
    assert deduplicate([claim()], [], NO_FLOOR)[:3] == ([claim()], "superseded", False)


def test_below_the_floor_what_must_stay_said_is_kept_without_its_values() -> None:
    floor = (2, 0, 0)
    assert deduplicate([], [claim({"name": "A"})], floor)[:3] == ([], "superseded", False)
    gone = deduplicate([], [claim({"name": "A"}, stated_null=["note"], aliases=["k"])], floor, keeps={"a"})
    assert gone[:3] == ([claim(aliases=["k"])], "superseded", True)
    assert deduplicate([claim(commit=2)], [claim({"name": "A"})], floor, keeps={"a"}).changed is False


def test_the_keys_that_a_row_went_by_stay_with_it() -> None:
    held = [claim({}, formerly=["a#1"], aliases=["old_id:1"])]
    [taken] = deduplicate(held, [claim({}, commit=2, formerly=["b#2"])], NO_FLOOR).claims
    assert (taken["formerly"], taken["aliases"]) == (["b#2", "a#1"], [])
    [gone] = deduplicate(held, [claim(commit=2)], NO_FLOOR).claims
    assert (gone["formerly"], gone["aliases"]) == (["a#1"], ["old_id:1"]), "a row that is gone keeps all that it named"
    [left] = deduplicate(held, [claim(commit=2, left_to="k")], NO_FLOOR).claims
    assert (left["formerly"], left["aliases"]) == (["a#1"], [])


def test_a_late_word_is_told_where_it_names_other_keys() -> None:
    held, late = claim({}, commit=2), claim({}, formerly=["a#1"])
    weighed = deduplicate([held], [late], NO_FLOOR)
    assert (weighed.first, weighed.changed, weighed.late) == ("superseded", False, [(late, held)])
    assert deduplicate([held], [claim({})], NO_FLOOR).late == []


def test_copies_that_an_alias_has_sent_are_not_the_keys_own() -> None:
    held = [claim({}, commit=5, under="k:alias")]
    weighed = deduplicate(held, [claim({}, commit=2)], NO_FLOOR)
    assert (weighed.first, len(weighed.claims)) == ("news", 2)


def test_an_event_is_overtaken_by_a_later_claim_or_a_floor() -> None:
    assert not is_overtaken(event(), 1, [], NO_FLOOR)
    assert not is_overtaken(event(), 1, [claim()], NO_FLOOR)
    assert is_overtaken(event(), 1, [claim(mapping=2)], NO_FLOOR)
    assert not is_overtaken(event(edit=1), 1, [claim()], NO_FLOOR)
    assert is_overtaken(event(), 1, [], (1, 1, 2))
