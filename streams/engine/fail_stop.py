"""The end of a process that must not go on: one clear line, and no further step that could hang."""

import logging
import os
import sys
from typing import Any, NoReturn

import structlog

#: Exit status of a worker that stopped itself; its supervisor starts it again (EX_SOFTWARE).
EXIT_STATUS = 70

_log = structlog.get_logger(__name__)


def fail_stop(reason: str, **facts: Any) -> NoReturn:
    """Log ``reason`` and end the process at once, from any thread; never returns.

    An orderly stop would wait for threads that may be the ones that are stuck. Nothing is lost by leaving in this way:
    open transactions are aborted by the broker and the local state follows the changelog when it is opened again.
    """
    _log.critical("worker stops itself: " + reason, exit_status=EXIT_STATUS, **facts)
    logging.shutdown()
    sys.stderr.flush()
    os._exit(EXIT_STATUS)
