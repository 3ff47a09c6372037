"""A process made of a function: what it begins with, and how it ends."""

import os
import random
import signal

import pytest

from connectors.fleet.fork import fork, threads


def _code(pid: int) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def _raises() -> int:
    raise RuntimeError


def _exits() -> int:
    raise SystemExit(7)


@pytest.mark.parametrize(("run", "code"), [(lambda: 3, 3), (_exits, 7), (_raises, 1)])
def test_it_ends_with_the_code_of_the_function(run: object, code: int) -> None:
    assert callable(run)
    assert _code(fork("thử", run)) == code


def test_it_has_a_name_chances_and_signals_of_its_own() -> None:
    reading, writing = os.pipe()

    def tell() -> int:
        with open("/proc/self/comm") as name:  # noqa: PTH123 - of the kernel
            os.write(writing, f"{name.read().strip()} {random.random()} {threads()}".encode())
        os.kill(os.getpid(), signal.SIGTERM)
        return 0

    before = random.getstate()
    told = []
    for _ in range(2):
        random.setstate(before)
        assert _code(fork("source/ho_tich_va_dan_cu", tell)) == -signal.SIGTERM
        told.append(os.read(reading, 100).decode().split())
    (name, first, count), (_, second, _) = told
    assert (name, int(count)) == ("source/ho_tich_", 1)
    assert first != second
    os.close(reading)
    os.close(writing)


def test_it_ends_with_whoever_made_it() -> None:
    ready, telling = os.pipe()
    ended, living = os.pipe()

    def parent() -> int:
        def child() -> int:
            os.write(telling, b"!")
            signal.pause()
            return 0

        fork("con", child)
        os.read(ready, 1)
        return 0

    assert _code(fork("cha", parent)) == 0
    os.close(living)
    assert os.read(ended, 1) == b"", "nobody is left who could write"
    for descriptor in (ready, telling, ended):
        os.close(descriptor)
