"""The floor of a window, against every history that the promise of `lateness` allows."""

from hypothesis import given
from hypothesis import strategies as st

from connectors.sources.sql_polling.window import Window


def test_it_starts_where_it_was_left() -> None:
    assert Window("c", lateness=30.0).floor == "c"


def test_it_moves_to_what_was_seen_before_the_lateness() -> None:
    window = Window(0, lateness=10.0)
    window.saw(5, at=100.0)
    window.saw(6, at=101.0)
    window.whole(begun=109.9)
    assert window.floor == 0
    window.whole(begun=110.0)
    assert window.floor == 5
    window.whole(begun=200.0)
    assert window.floor == 6


def test_what_is_seen_again_counts_from_when_it_was_first_seen() -> None:
    window = Window(0, lateness=10.0)
    window.saw(5, at=100.0)
    window.saw(5, at=109.0)
    window.whole(begun=110.0)
    assert window.floor == 5


@given(
    st.lists(st.tuples(st.integers(0, 100), st.integers(0, 9)), max_size=30),
    st.lists(st.integers(0, 120), min_size=1, max_size=30, unique=True).map(sorted),
)
def test_nothing_that_keeps_the_promise_is_missed(changes: list[tuple[int, int]], readings: list[int]) -> None:
    """A change takes the time as its cursor and commits up to 9 later; each reading takes no time at all."""
    window, seen = Window(0, lateness=9.0), set[int]()
    for moment in [*readings, 200]:
        committed = {place for place, (taken, late) in enumerate(changes) if taken + late <= moment}
        found = {place for place in committed if changes[place][0] >= window.floor}
        assert committed - seen <= found
        seen |= found
        if found:
            window.saw(max(changes[place][0] for place in found), at=moment)
        window.whole(begun=moment)
