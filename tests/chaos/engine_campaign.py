"""Breaks workers, broker and network at random under load, then counts every record. ``make chaos-engine MINUTES=10``.

Every fault of ``engine_faults.py`` comes once a deck, in an order of the seed's choosing; decks follow each other until
the time is over, or until each fault has come so often (``make chaos-engine CYCLES=20``). They come one, two or three
at once; then, as chance has it, the workers must catch up, or what comes next meets them on their way.
At the end: 0 lost, 0 counted twice, 0 out of order, and the state as the inputs demand it, in the compacted topic and
in RocksDB. The exit status is 1 when anything is wrong.
"""

import argparse
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.chaos.engine_faults import FAULTS
from tests.chaos.engine_verdict import Verdict
from tests.chaos.engine_yard import PATIENCE_SECONDS, Yard, summary
from tests.chaos.proxied_cluster import ProxiedCluster
from tests.chaos.proxied_kafka import ProxiedKafka


def main() -> int:
    """See the module's text."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--cycles", type=int, help="so many of each fault, however long that takes")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1_000_000))
    parser.add_argument("--only", nargs="*", choices=sorted(FAULTS), default=sorted(FAULTS))
    parser.add_argument("--brokers", type=int, choices=(1, 3), default=1, help="of three, one is killed at a time")
    parser.add_argument("--at-once", type=int, nargs="+", default=[1, 2, 3], help="how many faults may meet")
    parser.add_argument("--record", type=Path, help="a Markdown table that gets a row with the figures")
    parser.add_argument("--keep", type=Path, help="an empty folder for logs and data, which are otherwise removed")
    options = parser.parse_args()
    print(f"seed {options.seed}", flush=True)
    with tempfile.TemporaryDirectory(prefix="lienthong-chaos-") as passing:
        folder = options.keep or Path(passing)
        verdict = campaign(
            folder,
            seed=options.seed,
            faults=options.only,
            decks=options.cycles,
            minutes=options.minutes,
            at_once=options.at_once,
            brokers=options.brokers,
            book=options.record,
        )
    return 0 if verdict.is_clean else 1


def campaign(
    folder: Path,
    *,
    seed: int,
    faults: list[str],
    decks: int | None = None,
    minutes: float = 0.0,
    at_once: Sequence[int] = (1, 2, 3),
    brokers: int = 1,
    book: Path | None = None,
) -> Verdict:
    """Run so many decks, or as many as begin within the minutes, and judge. Raises AssertionError when workers hang.

    ``at_once``: how many faults may meet.
    """
    chance = random.Random(seed)
    cycles = Counter[str]()
    # One pool throughout: a server ends with the thread that has started it.
    with _yard(folder, chance, brokers) as yard, ThreadPoolExecutor(max(at_once)) as pool:
        began = time.monotonic()
        with yard.load:
            while min(cycles[name] for name in faults) < decks if decks else time.monotonic() - began < minutes * 60:
                for hand in _hands(chance, faults, at_once):
                    _play(pool, yard, chance, hand)
                    cycles.update(hand)
                yard.wait_caught_up()
        verdict = yard.finish()
        minutes = (time.monotonic() - began) / 60
        print(summary(yard, cycles, minutes * 60))
        print(verdict, flush=True)
        if book is not None:
            _record(book, f"{minutes:.0f} min, seed {seed}{_takeovers(yard)}", cycles, verdict)
        assert not yard.unexpected_ends(), f"workers ended by themselves: {yard.unexpected_ends()}"
    return verdict


def _record(book: Path, run: str, cycles: Counter[str], verdict: Verdict) -> None:
    fewest, most = min(cycles.values()), max(cycles.values())
    of_each = f"{len(cycles)} × {fewest}" + (f"–{most}" if most > fewest else "")
    wrong = verdict.wrong_in_topic + verdict.wrong_in_rocksdb
    found = f"{verdict.inputs:,} | {verdict.lost} | {verdict.twice} | {verdict.disordered} | {wrong}"
    with book.open("a", encoding="utf-8") as rows:
        rows.write(f"| {time.strftime('%Y-%m-%d')} | {run} | {of_each} | {found} |\n")


def _takeovers(yard: Yard) -> str:
    if not yard.takeovers:
        return ""
    fewest, most = min(yard.takeovers), max(yard.takeovers)
    return f", three brokers; while one was dead, all was worked off after {fewest:.0f} to {most:.0f} s"


def _hands(chance: random.Random, faults: list[str], at_once: Sequence[int]) -> Iterator[list[str]]:
    """A deck, dealt in some order, so many at once."""
    deck = chance.sample(faults, len(faults))
    while deck:
        count = chance.choice(at_once)
        yield deck[:count]
        del deck[:count]


def _play(pool: ThreadPoolExecutor, yard: Yard, chance: random.Random, hand: list[str]) -> None:
    began = time.monotonic()
    under_way = [pool.submit(FAULTS[name], yard, random.Random(chance.random())) for name in hand]
    for fault in under_way:
        fault.result()
    print(f"{' + '.join(hand)}: {time.monotonic() - began:.1f} s", flush=True)
    if chance.random() < 0.5:
        began = time.monotonic()
        yard.wait_caught_up()
        print(f"caught up after {time.monotonic() - began:.1f} s", flush=True)


@contextmanager
def _yard(folder: Path, chance: random.Random, brokers: int) -> Iterator[Yard]:
    server = ProxiedKafka(folder / "kafka") if brokers == 1 else ProxiedCluster(folder, size=brokers)
    with ExitStack() as stack:
        stack.callback(server.proxy.close)
        stack.callback(server.kill)
        server.configure()
        server.start()
        server.wait_ready(seconds=PATIENCE_SECONDS)
        yard = Yard(server, folder, chance)
        stack.callback(yard.close)
        yard.start()
        yield yard


if __name__ == "__main__":
    sys.exit(main())
