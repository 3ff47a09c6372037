"""Plants every mistake, one after the other, and says which were noticed: `make chaos-planted`.

`--quick`: only those that need no workers, 16 of 20. The exit status is 1 when one was not noticed, or when a check
complains of the product as it is.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from pytest import MonkeyPatch

from tests.chaos.planted.bugs import IN_MEMORY, ON_SERVERS, ON_WORKERS
from tests.chaos.planted.seen_on_servers import Servers
from tests.chaos.results import Results
from tests.integration.shared_servers import SharedPostgres, ask_for

Plant = Callable[[MonkeyPatch], None]


def main() -> int:
    """See the module's text."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--record", type=Path, help="a file in which the totals of all runs accumulate")
    options = parser.parse_args()
    found, silent = {}, True
    for check in dict.fromkeys(bug.check for bug in IN_MEMORY):
        silent &= _is_silent(check.__name__, check())
    for bug in IN_MEMORY:
        found[bug.plant.__name__] = _seen(bug.plant, bug.check)
    on_servers = ON_SERVERS if options.quick else ON_SERVERS + ON_WORKERS
    for looks in dict.fromkeys(each.check for each in on_servers):
        silent &= _is_silent(looks.__name__, _on_servers(looks, None))
    for each in on_servers:
        name = each.plant.__name__
        found[name] = _seen(each.plant, partial(_on_servers, each.check, name))
    print(f"{sum(found.values())} of {len(found)} planted mistakes were noticed")
    if options.record is not None:
        Results(options.record).planted(found)
    return 0 if silent and all(found.values()) else 1


def _seen(plant: Plant, check: Callable[[], str | None]) -> bool:
    began = time.monotonic()
    with MonkeyPatch.context() as patch:
        plant(patch)
        noticed = check()
    name = plant.__name__.replace("_", " ")
    print(f"{name}: {noticed or 'NOT NOTICED'} [{time.monotonic() - began:.1f} s]", flush=True)
    return noticed is not None


def _is_silent(name: str, complaint: str | None) -> bool:
    if complaint is not None:
        print(f"{name} complains where nothing is planted: {complaint}", flush=True)
    return complaint is None


def _on_servers(check: Callable[[Servers, str | None], str | None], bug: str | None) -> str | None:
    postgres = ask_for("postgres")
    with tempfile.TemporaryDirectory(prefix="lienthong-planted-") as folder:
        shared = SharedPostgres(port=int(postgres["port"]), password=str(postgres["password"]))
        return check(Servers(str(ask_for("kafka")["bootstrap"]), shared, Path(folder)), bug)


if __name__ == "__main__":
    sys.exit(main())
