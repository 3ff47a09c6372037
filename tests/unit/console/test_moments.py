"""Moments as people write them."""

import pytest

from console.errors import ConsoleError
from console.moments import moment_of

#: 27/11/2026 09:00 in Hà Nội.
NOW = 1_795_744_800_000_000


@pytest.mark.parametrize(
    ("text", "seconds_ago"),
    [
        ("90s", 90),
        ("30min", 1_800),
        ("2 h", 7_200),
        ("3d", 259_200),
        ("27/11/2026", 9 * 3_600),
        ("2026-11-27", 9 * 3_600),
        ("27/11/2026 08:30", 1_800),
        ("2026-11-27T08:30", 1_800),
        ("2026-11-27T01:30:00+00:00", 1_800),
    ],
)
def test_a_moment(text: str, seconds_ago: int) -> None:
    assert moment_of(text, now=NOW) == NOW - seconds_ago * 1_000_000


def test_nothing_is_nothing_and_nonsense_is_told_what_to_write() -> None:
    assert moment_of("", now=NOW) == 0
    with pytest.raises(ConsoleError, match="2h, 3d"):
        moment_of("yesterday", now=NOW)
