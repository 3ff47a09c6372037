"""Breaks everything that can break under the five systems while people write into them, then reads every table.

`make chaos MINUTES=10 SEED=7` plays shuffled decks of faults until the time is over; `make chaos-smoke` plays one small
deck. After each deck all comes to rest, and what every system holds is compared with what people wrote. Totals, seeds
and verdicts are added to the file that `--record` names, so a campaign goes on where the last one ended, however it
ended. The exit status is 1 when anything was wrong.
"""

import argparse
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from tests.chaos.calm_officers import CALM
from tests.chaos.city_faults import Fault
from tests.chaos.city_verdict import faults_of
from tests.chaos.decks import CAMPAIGN, SMOKE
from tests.chaos.dump import dump
from tests.chaos.opening import open_yard
from tests.chaos.results import Results
from tests.chaos.yard import Yard

#: Seconds between two edits while faults come.
_PAUSE_SECONDS = 0.1
_REST_SECONDS = 240.0


def main() -> int:
    """See the module's text."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1_000_000))
    parser.add_argument("--smoke", action="store_true", help="one small deck")
    parser.add_argument("--record", type=Path, help="a file in which the totals of all runs accumulate")
    parser.add_argument("--keep", type=Path, help="an empty folder for logs, data and all that was said")
    options = parser.parse_args()
    print(f"seed {options.seed}", flush=True)
    # Whoever ends the campaign must not leave a city behind.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    with (
        tempfile.TemporaryDirectory(prefix="lienthong-chaos-") as passing,
        open_yard(
            options.keep or Path(passing), options.seed, longest=5.0 if options.smoke else 30.0, officers=CALM
        ) as yard,
    ):
        until = time.monotonic() + options.minutes * 60
        while True:
            wrong = _recorded(yard, options.seed, SMOKE if options.smoke else CAMPAIGN, options.record)
            if wrong and options.keep:
                dump(yard.city, options.keep)
            if wrong or options.smoke or time.monotonic() > until:
                return 1 if wrong else 0


def _recorded(yard: Yard, seed: int, deck: Mapping[Fault, int], book: Path | None) -> list[str]:
    before, edits = Counter(yard.done), yard.shift.edits
    wrong = _play(yard, deck)
    verdict = "clean" if not wrong else f"{len(wrong)} faults, the first: {wrong[0]}"
    if book is not None:
        Results(book).campaign(seed, faults=yard.done - before, edits=yard.shift.edits - edits, verdict=verdict)
    return wrong


def _play(yard: Yard, deck: Mapping[Fault, int]) -> list[str]:
    """One deck, in an order of the seed's choosing, and what is wrong after it."""
    faults = [fault for fault, count in deck.items() for _ in range(count)]
    yard.chance.shuffle(faults)
    began = time.monotonic()
    yard.shift.begin(10**6, seconds=10**6 * _PAUSE_SECONDS)
    try:
        for fault in faults:
            _strike(yard, fault)
    finally:
        yard.shift.end()
    over = time.monotonic()
    wrong = faults_of(yard, seconds=_REST_SECONDS)
    for name, count in sorted(yard.done.items()):
        print(f"  {count:6,} {name}")
    # Last: of a long log, people are shown the end.
    for line in wrong[:20]:
        print(line)
    print(
        f"{over - began:.0f} s of trouble, {time.monotonic() - over:.0f} s until all was at rest; {yard.shift.edits} "
        f"edits, {yard.shift.failed} of them uncertain; {len(wrong)} faults were found",
        flush=True,
    )
    return wrong


def _strike(yard: Yard, fault: Fault) -> None:
    before, began = Counter(yard.done), time.monotonic()
    fault(yard)
    done = ", ".join(yard.done - before) or "nothing"
    print(f"{done}: {time.monotonic() - began:.1f} s", flush=True)


if __name__ == "__main__":
    sys.exit(main())
