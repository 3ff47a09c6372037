"""Makes a process of its own of a function, by forking: it begins with everything imported, and shares that memory."""

import ctypes
import os
import random
import signal
import sys
import traceback
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

_SET_PDEATHSIG: Final = 1
_SET_NAME: Final = 15
#: What a process is called in lists of processes has so many bytes at most.
_LONGEST_NAME: Final = 15


def fork(name: str, run: Callable[[], int], *, closing: Iterable[int] = ()) -> int:
    """The pid of a process that ends with the exit code of `run`, or soon after this one has ended. `closing`: file
    descriptors that are no business of its own.

    Only where there are no threads: a lock that another thread holds would be held for ever there.
    """
    parent = os.getpid()
    sys.stdout.flush()
    sys.stderr.flush()
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        _begin(name, parent, closing)
        code = run()
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else 1
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def threads() -> int:
    """Of this process, Python's and others'."""
    return sum(1 for _ in Path("/proc/self/task").iterdir())


def _begin(name: str, parent: int, closing: Iterable[int]) -> None:
    signal.set_wakeup_fd(-1)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD):
        signal.signal(number, signal.SIG_DFL)
    for descriptor in closing:
        os.close(descriptor)
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    libc.prctl(_SET_NAME, name.encode()[:_LONGEST_NAME], 0, 0, 0)
    if os.getppid() != parent:
        os._exit(0)  # it ended before it could be tied to us
    random.seed()  # else all would wait for the same times
