"""How long `lienthong reconcile` takes while changes flow, and whether it finds what was planted and nothing else.

python -m tests.bench.bench_reconcile [--people 1000000] [--planted 1000]

A source, a worker and a sink carry the people into a PostgreSQL target, and what that leaves behind is worked off. Some
are deleted by the source; then rows are changed, deleted and put back in the target by hand, while fifty names a second
change in the source. The command is a process of its own: its time is that from its start to its end, as somebody waits
for it. One line of JSON a run; where `cpu_s` is much less than `seconds`, others had the machine.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from tests.bench.load.meter import machine_seconds
from tests.chaos.small_city import SmallCity, small_city
from tests.chaos.standing_servers import standing_servers
from tests.integration.planted_drift import Drifting

_REST_SECONDS = 180.0
_LOOK_SECONDS = 5.0
_LITTLE = 0.2


class Clock:
    """Types commands in processes of their own and keeps what the last one took."""

    def __init__(self, city: SmallCity) -> None:
        self._city = city
        self.took: dict[str, float] = {}

    def run(self, *arguments: str, code: int) -> str:
        """What the command tells. AssertionError where it ends with another exit code."""
        environment = os.environ | self._city.environment() | {"COLUMNS": "200"}
        argv = [sys.executable, "-m", "console", *arguments]
        started = time.monotonic()
        with tempfile.TemporaryFile("w+") as told:
            process = subprocess.Popen(argv, env=environment, stdout=told, stderr=subprocess.STDOUT)
            _, status, usage = os.wait4(process.pid, 0)
            self.took = {
                "seconds": round(time.monotonic() - started, 1),
                "cpu_s": round(usage.ru_utime + usage.ru_stime, 1),
                "peak_mb": round(usage.ru_maxrss / 1000),
            }
            told.seek(0)
            text = told.read()
        assert os.waitstatus_to_exitcode(status) == code, text[-2000:]
        return text


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--people", type=int, default=1_000_000)
    parser.add_argument("--planted", type=int, default=1_000)
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # what was started is ended in any case
    with tempfile.TemporaryDirectory(prefix="lienthong-bench-") as name, ExitStack() as stack:
        home = Path(name)
        kafka, postgres, registry = stack.enter_context(standing_servers(home))
        (home / "city").mkdir()
        city = stack.enter_context(small_city(kafka, postgres, registry.url, home / "city"))
        for process in ("source", "w1", "sink"):
            city.start(process)
        _measure(city, arguments.people, arguments.planted)


def _measure(city: SmallCity, people: int, planted: int) -> None:
    clock = Clock(city)
    drifting = Drifting(city, clock.run, people=people, quiet=people // 4)
    started = time.monotonic()
    drifting.begin()
    _tell("carried", people, seconds=round(time.monotonic() - started, 1))
    _rest()
    share = planted // 4
    gone = drifting.delete(*range(1, share + 1))
    changed, lost = range(2 * share, 4 * share), range(4 * share, 5 * share)
    expected = {"different": [*changed], "missing": [*lost], "extra": [*range(1, share + 1)]}
    with drifting.traffic():
        right = drifting.rows()
        drifting.put(*gone.values())
        drifting.change(*changed)
        drifting.lose(*lost)
        found = drifting.reconciled(code=1)
        _tell("found", people, planted=_count(expected), found=_count(found), exact=found == expected, **clock.took)
        drifting.reconciled("--repair", "--yes", code=0)
        _tell("mended", people, right=drifting.rows() == right, **clock.took)
        _tell("again", people, wrong=_count(drifting.reconciled(code=0)), **clock.took)


def _rest() -> None:
    """Until the machine has little to do: databases clean up after a million new rows."""
    until = time.monotonic() + _REST_SECONDS
    while time.monotonic() < until:
        before, whole = machine_seconds()
        time.sleep(_LOOK_SECONDS)
        after, now = machine_seconds()
        if after - before < _LITTLE * (now - whole):
            return


def _count(found: dict[str, list[int]]) -> int:
    return sum(map(len, found.values()))


def _tell(what: str, people: int, **figures: Any) -> None:
    print(json.dumps({"what": what, "people": people, "load": round(os.getloadavg()[0], 1), **figures}), flush=True)


if __name__ == "__main__":
    main()
