"""Structured logs, one JSON object a line on standard error. Callers never log a personal value."""

import logging
import sys
from contextlib import suppress
from typing import TextIO, cast

import structlog


class Unfailing:
    """A stream that loses what cannot be written: for want of room for a line of log no work may end."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Returns as if all was written."""
        with suppress(OSError):
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        """See write."""
        with suppress(OSError):
            self._stream.flush()


def configure(process: str, *, level: str = "info") -> None:
    """Set up structlog for this process; every line carries its name."""
    threshold, stream = logging.getLevelNamesMapping()[level.upper()], cast(TextIO, Unfailing(sys.stderr))
    logging.basicConfig(stream=stream, level=max(threshold, logging.WARNING), format="%(name)s: %(message)s")
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(threshold),
        logger_factory=structlog.PrintLoggerFactory(stream),
    )
    structlog.contextvars.bind_contextvars(process=process)
