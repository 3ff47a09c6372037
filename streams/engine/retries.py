"""What follows a failure: the same batch again, its halves, or the app's answer to a poison record."""

from dataclasses import replace

from streams.engine.partitions import Piece
from streams.engine.settings import EngineSettings


def after_failure(piece: Piece, error: BaseException, settings: EngineSettings) -> tuple[list[Piece], float]:
    """The pieces to hand out next, in order, and the seconds to wait before.

    Infrastructure is waited for without end. Any other error is tried ``settings.attempts`` times; then the records are
    halved, each part with one attempt of its own, until one record is left; that one is tried as often again and then
    marked as poison.
    """
    if isinstance(error, settings.infrastructure_errors):
        outages = piece.outages + 1
        return [replace(piece, outages=outages)], backoff(outages, settings)
    failures = piece.failures + 1
    is_single = len(piece.records) == 1
    if failures < settings.attempts and (is_single or not piece.is_suspect):
        return [replace(piece, failures=failures)], backoff(failures, settings)
    if is_single:
        return [replace(piece, failures=failures, poison=error)], 0.0
    middle = len(piece.records) // 2
    halves = piece.records[:middle], piece.records[middle:]
    return [Piece(records, is_suspect=True) for records in halves], 0.0


def backoff(attempt: int, settings: EngineSettings) -> float:
    """Seconds to wait after the ``attempt``-th failure: doubled each time, up to the maximum."""
    return min(settings.backoff_max_seconds, settings.backoff_seconds * 2.0 ** min(attempt - 1, 30))
