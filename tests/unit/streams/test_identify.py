"""What an event claims under its own key and what under another, read or unread."""

from typing import Any

from schemas.mapping import MappedIn
from streams.identify import JUST_BEFORE, identify, identify_unread
from tests.unit.streams.claims import claim, event

MAPPED = MappedIn({"full_name": "A", "note": None}, ["note"])
SAID: dict[str, Any] = {"values": MAPPED.values, "stated_null": ["note"], "source_time": 5, "mapping": 3}
GONE: dict[str, Any] = {"source_time": 5, "mapping": 3}


def test_a_row_claims_its_values_under_its_key() -> None:
    said = identify(event(), "k", MAPPED, revision=3)
    assert said == ([claim(**SAID)], None, None)


def test_a_deleted_row_claims_nothing() -> None:
    assert identify(event("delete"), "k", None, revision=3) == ([claim(**GONE)], None, None)


def test_a_changed_key_withdraws_the_claim_here_and_sends_it_on() -> None:
    said = identify(event(new_key="n"), "k", MAPPED, revision=3)
    assert said == ([claim(**GONE)], claim(**SAID), "n")


def test_a_key_that_changes_to_itself_does_not_change() -> None:
    assert identify(event(new_key="k"), "k", MAPPED, revision=3).onward is None


def test_a_changed_primary_key_withdraws_the_old_row_too() -> None:
    said = identify(event(previous_row="0"), "k", MAPPED, revision=3)
    assert said.here == [claim(**SAID), claim(row="0", **GONE)]
    said = identify(event(previous_row="0", new_key="n"), "k", MAPPED, revision=3)
    assert said.here == [claim(**GONE), claim(row="0", **GONE)]


HELD = claim({"full_name": "B"}, epoch=0, source_time=2, stated_null=["note"])
STAYS: dict[str, Any] = {"values": HELD["values"], "stated_null": ["note"], "source_time": 2, "mapping": JUST_BEFORE}
LEFT: dict[str, Any] = {"source_time": 5, "mapping": JUST_BEFORE}


def test_unread_a_row_keeps_what_it_said_last_just_before_the_event() -> None:
    assert identify_unread(event(), "k", [HELD]) == ([claim(**STAYS)], None, None)


def test_unread_a_row_that_said_nothing_says_nothing() -> None:
    assert identify_unread(event(), "k", []).here == []
    assert identify_unread(event(), "k", [claim()]).here == []


def test_unread_a_changed_key_takes_the_last_values_along() -> None:
    assert identify_unread(event(new_key="n"), "k", [HELD]) == ([claim(**LEFT)], claim(**STAYS), "n")


def test_unread_a_changed_key_keeps_older_claims_out_even_if_none_is_here_yet() -> None:
    assert identify_unread(event(new_key="n"), "k", []) == ([claim(**LEFT)], None, "n")


def test_unread_a_changed_primary_key_takes_the_last_values_along() -> None:
    said = identify_unread(event(row="2", previous_row="1"), "k", [HELD])
    assert said.here == [claim(row="2", **STAYS), claim(row="1", **LEFT)]
