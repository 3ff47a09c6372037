"""Random edits in all publishing systems at once, also while some are cut off: all end with what authority demands.

`make converge EDITS=10000 SEED=7` writes so many edits with nothing broken, or with `--cut` while one system after the
other is cut off for some seconds. Then the officers rest, deliveries must stop, and every system is compared with the
specification in authority.py. The exit status is 1 when anything was wrong.
"""

import argparse
import random
import signal
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from tests.chaos.calm_officers import CALM
from tests.chaos.city_verdict import faults_of
from tests.chaos.dump import dump
from tests.chaos.officers import ALL, Officer
from tests.chaos.opening import open_yard
from tests.chaos.yard import Yard

_OFFICERS: Mapping[str, Mapping[str, type[Officer]]] = {"all": ALL, "calm": CALM}
_REST_SECONDS = 240.0
_PAUSE_SECONDS = (0.5, 3.0)
_ASK_SECONDS = 0.2


def main() -> int:
    """See the module's text."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--edits", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1_000_000))
    parser.add_argument("--rate", type=float, default=60.0, help="edits a second, all systems together")
    parser.add_argument("--cut", type=float, default=0.0, metavar="SECONDS", help="cut systems off, so long at most")
    parser.add_argument("--officers", choices=sorted(_OFFICERS), default="all")
    parser.add_argument("--keep", type=Path, help="an empty folder for logs, data and all that was said")
    options = parser.parse_args()
    print(f"seed {options.seed}", flush=True)
    # Whoever ends this must not leave a city behind.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    with (
        tempfile.TemporaryDirectory(prefix="lienthong-converge-") as passing,
        open_yard(
            options.keep or Path(passing), options.seed, longest=options.cut, officers=_OFFICERS[options.officers]
        ) as yard,
    ):
        wrong = _converge(yard, options.edits, options.rate)
        if wrong and options.keep:
            dump(yard.city, options.keep)
        return 1 if wrong else 0


def _converge(yard: Yard, edits: int, rate: float) -> list[str]:
    began = time.monotonic()
    yard.shift.begin(edits, seconds=edits / rate)
    try:
        while not yard.shift.is_over:
            if yard.longest:
                _cut_off(yard)
            time.sleep(_ASK_SECONDS)
    finally:
        yard.shift.end()
    over = time.monotonic()
    wrong = faults_of(yard, seconds=_REST_SECONDS)
    for line in wrong[:40]:
        print(line)
    cuts = ", ".join(f"{name} {count} times" for name, count in sorted(yard.done.items())) or "nothing was broken"
    print(
        f"{yard.shift.edits} edits in {over - began:.0f} s, {yard.shift.refused} more refused by a register; {cuts}; "
        f"{time.monotonic() - over:.0f} s until all was at rest; {len(wrong)} differences",
        flush=True,
    )
    return wrong


def _cut_off(yard: Yard) -> None:
    """One system, from everything between it and the others; its officers write on. The files have their sink away."""
    city, system = yard.city, yard.chance.choice([*sorted(yard.city.gates), "bao_cao"])
    if system == "bao_cao":
        city.processes["sink/bao_cao"].stop()
        yard.wait()
        city.start("sink/bao_cao")
    else:
        city.gates[system].shut()
        yard.wait()
        city.gates[system].open()
    yard.count(f"{system} cut off")
    time.sleep(yard.chance.uniform(*_PAUSE_SECONDS))


if __name__ == "__main__":
    sys.exit(main())
