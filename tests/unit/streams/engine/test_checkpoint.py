"""When restoring may start at a checkpoint."""

import time

import pytest

from streams.engine.checkpoint import Checkpoint
from streams.engine.errors import StateError


def usable(checkpoint: Checkpoint, *, topic_id: str = "id", low: int = 10, high: int = 20) -> bool:
    return checkpoint.is_usable(topic_id=topic_id, low=low, high=high, max_age=60)


def test_it_survives_being_stored() -> None:
    checkpoint = Checkpoint("id", 12)
    assert Checkpoint.decode(checkpoint.encode()) == checkpoint


@pytest.mark.parametrize("stored", [b"", b"{}", b"nonsense", b'["id"]', b'["id", "x", 1]', b"12"])
def test_a_damaged_one_is_refused(stored: bytes) -> None:
    with pytest.raises(StateError, match="built anew"):
        Checkpoint.decode(stored)


@pytest.mark.parametrize(("offset", "expected"), [(9, False), (10, True), (20, True), (21, False)])
def test_it_must_lie_within_the_log(offset: int, expected: bool) -> None:  # noqa: FBT001
    assert usable(Checkpoint("id", offset)) is expected


def test_it_must_speak_of_this_very_topic() -> None:
    assert not usable(Checkpoint("other", 12))


def test_an_old_one_may_have_missed_tombstones_and_one_from_the_future_has_a_wrong_clock() -> None:
    assert usable(Checkpoint("id", 12, time.time() - 50))
    assert not usable(Checkpoint("id", 12, time.time() - 70))
    assert not usable(Checkpoint("id", 12, time.time() + 70))
