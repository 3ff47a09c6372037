"""Dead letters are grouped by cause, each failure counted once."""

from console.dead_letters import grouped, view
from tests.unit.console.city import dead_letter
from tests.unit.console.screens import printed


def test_groups_by_cause_most_frequent_first_and_shows_the_newest() -> None:
    letters = [
        dead_letter("a", reason="unknown_code", field="sex"),
        dead_letter("b", time=1),
        dead_letter("c", time=3, message="newest"),
        dead_letter("d", time=2),
    ]
    first, second = grouped(letters)
    assert (first.count, first.newest["message"]) == (3, "newest")
    assert (second.count, second.newest["reason"]) == (1, "unknown_code")


def test_a_letter_that_was_written_twice_counts_once() -> None:
    [group] = grouped([dead_letter("a"), dead_letter("a", time=9)])
    assert group.count == 1


def test_another_field_is_another_cause() -> None:
    assert len(grouped([dead_letter("a"), dead_letter("b", field="death_date")])) == 2


def test_shows_count_cause_and_what_to_do() -> None:
    screen = printed(view(grouped([dead_letter("a"), dead_letter("b"), dead_letter("c", reason="no_key", field=None)])))
    assert "2 × bad_date (birth_date)  ho_tich, normalise" in screen
    assert "1 × no_key  ho_tich" in screen
    assert "correct it in the source system" in screen
