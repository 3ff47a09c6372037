"""After a failure: the same records again, then halves, then poison; infrastructure is waited for without end."""

from pathlib import Path

import pytest

from streams.engine.partitions import Piece
from streams.engine.records import Record
from streams.engine.retries import after_failure, backoff
from streams.engine.settings import EngineSettings

SETTINGS = EngineSettings(
    bootstrap="none",
    group="g",
    worker="w",
    data_dir=Path("unused"),
    anchor="a",
    changelog="c",
    infrastructure_errors=(ConnectionError,),
)


def piece_of(*offsets: int) -> Piece:
    return Piece([Record("t", 0, offset, b"k", b"v") for offset in offsets])


def offsets_of(pieces: list[Piece]) -> list[list[int]]:
    return [[record.offset for record in piece.records] for piece in pieces]


def fail_until_alone(piece: Piece, bad: int) -> list[tuple[list[int], int]]:
    """Every failing attempt of a batch in which one offset is bad: the offsets and the failures before it."""
    attempts: list[tuple[list[int], int]] = []
    waiting = [piece]
    while waiting:
        current = waiting.pop(0)
        if bad not in [record.offset for record in current.records]:
            continue
        if current.poison is not None:
            return attempts
        attempts.append(([record.offset for record in current.records], current.failures))
        waiting = after_failure(current, ValueError(), SETTINGS)[0] + waiting
    raise AssertionError("the bad record was never named")


def test_data_errors_are_tried_three_times_before_the_batch_is_halved() -> None:
    piece = piece_of(1, 2, 3, 4, 5)
    for expected in (1, 2):
        (piece,), delay = after_failure(piece, ValueError(), SETTINGS)
        assert piece.failures == expected
        assert delay == pytest.approx(0.1 * 2 ** (expected - 1))
    halves, delay = after_failure(piece, ValueError(), SETTINGS)
    assert offsets_of(halves) == [[1, 2], [3, 4, 5]]
    assert delay == 0


def test_halves_are_halved_at_once_and_the_last_record_is_tried_again() -> None:
    attempts = fail_until_alone(piece_of(*range(8)), bad=5)
    assert attempts == [
        ([0, 1, 2, 3, 4, 5, 6, 7], 0),
        ([0, 1, 2, 3, 4, 5, 6, 7], 1),
        ([0, 1, 2, 3, 4, 5, 6, 7], 2),
        ([4, 5, 6, 7], 0),
        ([4, 5], 0),
        ([5], 0),
        ([5], 1),
        ([5], 2),
    ]


def test_the_error_is_kept_for_the_poison_handler() -> None:
    error = ValueError("why")
    (piece,), _ = after_failure(Piece(piece_of(1).records, failures=2), error, SETTINGS)
    assert piece.poison is error


def test_infrastructure_is_tried_without_end_and_never_counts_as_the_data_s_fault() -> None:
    piece = piece_of(1, 2)
    for _ in range(100):
        (piece,), delay = after_failure(piece, ConnectionResetError(), SETTINGS)
    assert piece.failures == 0
    assert piece.poison is None
    assert delay == 5.0
    (piece,), _ = after_failure(piece, ValueError(), SETTINGS)
    assert (piece.failures, piece.outages) == (1, 100)


def test_backoff_doubles_up_to_its_maximum() -> None:
    assert [backoff(attempt, SETTINGS) for attempt in (1, 2, 3, 6, 7, 10_000)] == pytest.approx(
        [0.1, 0.2, 0.4, 3.2, 5.0, 5.0]
    )
