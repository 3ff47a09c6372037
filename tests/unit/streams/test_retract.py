"""What a marker has voided goes in steps, and counts no more from the first of them on."""

import pytest

from schemas import topics
from tests.unit.streams.test_reproject import FIRST, IDENTIFY, RAW, Bench


@pytest.fixture
def bench() -> Bench:
    return Bench()


def _emptied(bench: Bench) -> None:
    """The table is truncated; no step has been taken."""
    bench.source.begin()
    bench.source.truncate()
    bench.say(FIRST)


def _told(bench: Bench, operation: str) -> list[str]:
    return [each["key"][-1] for each in bench.deliveries() if each["operation"] == operation]


def test_everything_goes_in_steps(bench: Bench) -> None:
    _emptied(bench)
    assert _told(bench, "delete") == []
    assert bench.walk(FIRST) == 3, "two keys a step"
    assert _told(bench, "delete") == list("01234")


def test_what_is_said_meanwhile_stands(bench: Bench) -> None:
    _emptied(bench)
    bench.work(IDENTIFY, FIRST)
    bench.change("001099000004", FIRST)
    bench.change("001099000009", FIRST)
    bench.walk(FIRST)
    assert bench.deliveries()[-1]["key"][-1] == "3", "the last that is gone"
    last = {each["key"][-1]: each["operation"] for each in bench.deliveries()}
    assert last == dict.fromkeys("0123", "delete") | dict.fromkeys("49", "upsert")


def test_whoever_works_a_key_takes_the_void_word_away_first(bench: Bench) -> None:
    """As it would be if the walk had been here: gone, and then there again."""
    _emptied(bench)
    bench.change("001099000004", FIRST)
    assert [each["operation"] for each in bench.deliveries()[-2:]] == ["delete", "upsert"]
    assert [each["key"][-1] for each in bench.deliveries()[-2:]] == ["4", "4"]


def test_a_later_marker_ends_an_earlier_walk(bench: Bench) -> None:
    _emptied(bench)
    bench.work(IDENTIFY, FIRST)
    _emptied(bench)
    assert bench.walk(FIRST) == 1 + 3, "one step before its turn, which does nothing"
    assert _told(bench, "delete") == list("01234")


def test_a_marker_that_comes_again_sets_off_nothing(bench: Bench) -> None:
    _emptied(bench)
    bench.walk(FIRST)
    before = len(bench.kafka.logs[IDENTIFY, 0])
    bench.kafka.append(RAW, None, bench.kafka.logs[RAW, 0][-1].value)
    bench.work(RAW, FIRST)
    assert len(bench.kafka.logs[IDENTIFY, 0]) == before
    assert bench.kafka.logs[topics.DEAD_LETTERS, 0] == []
