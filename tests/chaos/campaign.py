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
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from deploy.embedded.kafka import Kafka
from deploy.embedded.postgres import Postgres
from deploy.embedded.registry import Registry
from deploy.embedded.server import Server
from tests.chaos.calm_officers import CALM
from tests.chaos.city_faults import Fault
from tests.chaos.city_verdict import faults_of
from tests.chaos.decks import CAMPAIGN, SMOKE
from tests.chaos.five_manifests import TABLES
from tests.chaos.results import Results
from tests.chaos.rig import rigged_city
from tests.chaos.shift import Shift
from tests.chaos.yard import Yard
from tests.integration.hold_server import FAST

_FIRST_EDITS = {"dan_cu": 60, "ho_tich": 40, "dkkd": 30}
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
    parser.add_argument("--keep", type=Path, help="an empty folder for logs and data, which are otherwise removed")
    options = parser.parse_args()
    print(f"seed {options.seed}", flush=True)
    # Whoever ends the campaign must not leave a city behind.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    with (
        tempfile.TemporaryDirectory(prefix="lienthong-chaos-") as passing,
        _yard(options.keep or Path(passing), options.seed, longest=5.0 if options.smoke else 30.0) as yard,
    ):
        until = time.monotonic() + options.minutes * 60
        while True:
            wrong = _recorded(yard, options.seed, SMOKE if options.smoke else CAMPAIGN, options.record)
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
    for line in wrong[:20]:
        print(line)
    print(
        f"{over - began:.0f} s of trouble, {time.monotonic() - over:.0f} s until all was at rest; {yard.shift.edits} "
        f"edits, {yard.shift.failed} of them uncertain; {len(wrong)} faults were found",
        flush=True,
    )
    for name, count in sorted(yard.done.items()):
        print(f"  {count:6,} {name}")
    return wrong


def _strike(yard: Yard, fault: Fault) -> None:
    before, began = Counter(yard.done), time.monotonic()
    fault(yard)
    done = ", ".join(yard.done - before) or "nothing"
    print(f"{done}: {time.monotonic() - began:.1f} s", flush=True)


@contextmanager
def _yard(folder: Path, seed: int, *, longest: float) -> Iterator[Yard]:
    """A city that runs, with people in it."""
    folder.chmod(0o755)  # PostgreSQL runs as somebody who is not root
    with ExitStack() as stack:
        kafka, postgres, registry = (
            Kafka(folder / "kafka"),
            Postgres(folder / "postgres", settings=FAST),
            Registry(folder / "registry"),
        )
        for server in (kafka, postgres, registry):
            _begin(server)
            stack.callback(server.kill)
        for server in (kafka, postgres, registry):
            server.wait_ready(seconds=180)
        home = folder / "city"
        home.mkdir()
        city = stack.enter_context(rigged_city(kafka, postgres, registry.url, home))
        shift = Shift({system: city.desk(system) for system in TABLES}, seed, officers=CALM)
        # Only now: whoever was deleted before would be a birth that no register has heard of.
        city.connect()
        for system, edits in _FIRST_EDITS.items():
            shift.work(system, edits)
        city.wait_ready(seconds=180)
        yield Yard(city, shift, random.Random(seed), longest)


def _begin(server: Server) -> None:
    server.configure()
    server.start()


if __name__ == "__main__":
    sys.exit(main())
