"""Breaks workers, broker and network at random under load, then counts every record. ``make chaos-engine MINUTES=10``.

Every fault of ``engine_faults.py`` comes once a deck, in an order of the seed's choosing; decks follow each other until
the time is over. After a fault, as chance has it, the workers must catch up, or the next one meets them on their way.
At the end: 0 lost, 0 counted twice, 0 out of order, and the state as the inputs demand it, in the compacted topic and
in RocksDB. The exit status is 1 when anything is wrong.
"""

import argparse
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.chaos.engine_faults import FAULTS
from tests.chaos.engine_verdict import Verdict
from tests.chaos.engine_yard import Yard, summary
from tests.chaos.proxied_kafka import ProxiedKafka


def main() -> int:
    """See the module's text."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1_000_000))
    parser.add_argument("--only", nargs="*", choices=sorted(FAULTS), default=sorted(FAULTS))
    parser.add_argument("--record", type=Path, help="a Markdown table that gets a row with the figures")
    parser.add_argument("--keep", type=Path, help="an empty folder for logs and data, which are otherwise removed")
    options = parser.parse_args()
    print(f"seed {options.seed}", flush=True)
    with tempfile.TemporaryDirectory(prefix="lienthong-chaos-") as passing:
        folder = options.keep or Path(passing)
        verdict = campaign(folder, seed=options.seed, faults=options.only, minutes=options.minutes, book=options.record)
    return 0 if verdict.is_clean else 1


def campaign(
    folder: Path,
    *,
    seed: int,
    faults: list[str],
    decks: int | None = None,
    minutes: float = 0.0,
    book: Path | None = None,
) -> Verdict:
    """Run so many decks, or as many as begin within the minutes, and judge. Raises AssertionError when workers hang."""
    chance = random.Random(seed)
    cycles = Counter[str]()
    with _yard(folder, chance) as yard:
        began = time.monotonic()
        with yard.load:
            while sum(cycles.values()) < len(faults) * (decks or 10**6):
                if decks is None and time.monotonic() - began > minutes * 60:
                    break
                for name in chance.sample(faults, len(faults)):
                    _cycle(yard, name)
                    cycles[name] += 1
                yard.wait_caught_up()
        verdict = yard.finish()
        minutes = (time.monotonic() - began) / 60
        print(summary(yard, cycles, minutes * 60))
        print(verdict, flush=True)
        if book is not None:
            _record(book, f"{minutes:.0f} min, seed {seed}", cycles, verdict)
        assert not yard.unexpected_ends(), f"workers ended by themselves: {yard.unexpected_ends()}"
    return verdict


def _record(book: Path, run: str, cycles: Counter[str], verdict: Verdict) -> None:
    fewest, most = min(cycles.values()), max(cycles.values())
    of_each = f"{len(cycles)} × {fewest}" + (f"–{most}" if most > fewest else "")
    wrong = verdict.wrong_in_topic + verdict.wrong_in_rocksdb
    found = f"{verdict.inputs:,} | {verdict.lost} | {verdict.twice} | {verdict.disordered} | {wrong}"
    with book.open("a", encoding="utf-8") as rows:
        rows.write(f"| {time.strftime('%Y-%m-%d')} | {run} | {of_each} | {found} |\n")


def _cycle(yard: Yard, name: str) -> None:
    began = time.monotonic()
    FAULTS[name](yard)
    print(f"{name}: {time.monotonic() - began:.1f} s", flush=True)
    if yard.chance.random() < 0.5:
        began = time.monotonic()
        yard.wait_caught_up()
        print(f"caught up after {time.monotonic() - began:.1f} s", flush=True)


@contextmanager
def _yard(folder: Path, chance: random.Random) -> Iterator[Yard]:
    server = ProxiedKafka(folder / "kafka")
    server.configure()
    server.start()
    server.wait_ready()
    yard = Yard(server, folder, chance)
    try:
        yard.start()
        yield yard
    finally:
        yard.close()
        server.kill()
        server.proxy.close()


if __name__ == "__main__":
    sys.exit(main())
