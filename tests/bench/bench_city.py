"""`make bench`: the peer, PostgreSQL's own replication and Liên thông under the same load, one after the other.

Each round: a snapshot of all rows, a burst with the carrier running, the same burst as a backlog, and a steady pace.
Every measure ends when both sides are equal in every column. Results are kept as lines of JSON, and the medians in one
table. The figures mean something only on a machine that does nothing else: `others` says how much it did.
"""

import argparse
import json
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from deploy.embedded.postgres import Postgres
from tests.bench.bench_table import Result, table
from tests.bench.carriers.carrier import Carrier
from tests.bench.carriers.native import Native
from tests.bench.carriers.ours import Ours
from tests.bench.carriers.peer import Peer
from tests.bench.load.meter import Meter, Usage
from tests.bench.load.pair import Pair, connect
from tests.bench.load.people import plan
from tests.bench.load.write import burst, pace

_SETTINGS: Final = {
    "shared_buffers": "1GB",
    "max_wal_size": "8GB",
    "checkpoint_timeout": "30min",
    "work_mem": "64MB",
    "maintenance_work_mem": "256MB",
}
_PER_TRANSACTION: Final = 10


def main() -> None:
    """Measure, print and keep."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("carriers", nargs="*", default=["debezium", "native", "lien_thong"])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--changes", type=int, default=100_000)
    parser.add_argument("--rate", type=int, default=200, help="changes a second of the steady pace")
    parser.add_argument("--seconds", type=int, default=60, help="of the steady pace")
    parser.add_argument("--results", type=Path, default=Path("build/bench.jsonl"))
    options = parser.parse_args()
    options.results.parent.mkdir(exist_ok=True)
    with _postgres() as postgres, options.results.open("a", encoding="utf-8") as kept:
        for name in options.carriers:
            with tempfile.TemporaryDirectory(prefix="lienthong-bench-") as home:
                for result in _rounds(_carrier(name, postgres, Path(home)), postgres, options):
                    print(json.dumps(result), flush=True)
                    print(json.dumps(result), file=kept, flush=True)
    print(table([json.loads(line) for line in options.results.read_text(encoding="utf-8").splitlines()]))


def _carrier(name: str, postgres: Postgres, home: Path) -> Carrier:
    known: dict[str, Callable[[], Carrier]] = {
        "debezium": lambda: Peer(postgres, home),
        "native": lambda: Native(postgres),
        "lien_thong": lambda: Ours(postgres, home),
    }
    return known[name]()


@contextmanager
def _postgres() -> Iterator[Postgres]:
    with tempfile.TemporaryDirectory(prefix="lienthong-bench-") as home:
        Path(home).chmod(0o755)
        server = Postgres(Path(home) / "postgres", settings=_SETTINGS)
        server.configure()
        server.start()
        try:
            server.wait_ready()
            with connect(server.dsn()) as database:
                for name in ("nguon", "dich", "so_cai"):
                    database.execute(f"create database {name}")
            yield server
        finally:
            server.stop()


def _rounds(carrier: Carrier, postgres: Postgres, options: argparse.Namespace) -> Iterator[Result]:
    pair = Pair(postgres.dsn("nguon"), postgres.dsn("dich"), carrier.source, carrier.target)
    carrier.start()
    try:
        for number in range(options.rounds):
            pair.lay_out(rows=options.rows)
            for result in _round(carrier, pair, postgres, number, options):
                yield {"carrier": carrier.name, "round": number, **result}
            carrier.remove()
    finally:
        carrier.stop()


def _round(
    carrier: Carrier, pair: Pair, postgres: Postgres, number: int, options: argparse.Namespace
) -> Iterator[Result]:
    def meter() -> Meter:
        return Meter(carrier.pids() | {"postgres": [] if postgres.pid is None else [postgres.pid]})

    fresh = 300_000 + number * 200_000
    counting = meter()
    carrier.register()
    registered = meter()  # processes that a registration starts are in this one only
    applied = pair.wait_equal(since=counting.started)
    whole = applied.last - counting.started
    yield {
        "measure": "snapshot",
        "rate": round(applied.rows / (applied.last - applied.first)),
        "first_row_s": round(applied.first - counting.started, 2),
        "total_s": round(whole, 2),
    } | _used(registered.read(), applied.rows)

    transactions = options.changes // _PER_TRANSACTION

    def changes(first: int, seed: int) -> Any:
        return plan(pair.ids(), first, transactions=transactions, size=_PER_TRANSACTION, seed=seed)

    counting, planned = meter(), changes(fresh, number * 2)
    span = burst(pair.source_dsn, planned)
    applied = pair.wait_equal(since=span.first)
    yield {
        "measure": "burst",
        "rate": round(options.changes / (applied.last - span.first)),
        "generated_per_s": round(options.changes / (span.last - span.first)),
        "tail_s": round(applied.last - span.last, 2),
    } | _used(counting.read(), options.changes)

    carrier.pause()
    burst(pair.source_dsn, changes(fresh + 60_000, number * 2 + 1))
    began = time.time()
    carrier.resume()
    counting = meter()
    applied = pair.wait_equal(since=began)
    yield {
        "measure": "drain",
        "rate": round(options.changes / (applied.last - applied.first)),
        "first_row_s": round(applied.first - began, 2),
    } | _used(counting.read(), options.changes)

    counting = meter()
    yield {"measure": "pace"} | _paced(pair, fresh + 120_000, options) | _used(counting.read(), 0)


def _used(usage: Usage, changes: int) -> Result:
    per = {"cpu_s_per_100k": round(usage.cpu_total * 100_000 / changes, 1)} if changes else {}
    return per | {"cpu_s": usage.cpu, "peak_mb": usage.peak_mb, "others_pct": usage.others}


def _paced(pair: Pair, first: int, options: argparse.Namespace) -> Result:
    watched = pace(pair.source_dsn, pair.ids(), rate=options.rate, seconds=options.seconds, warm=5, first=first)
    pair.wait_equal(since=0)
    waits = sorted(pair.waits(watched.written, watched.deleted))
    return {"n": len(waits), "slip_p99_ms": _percentile(sorted(watched.slip), 99)} | {
        f"p{percent}_ms": _percentile(waits, percent) for percent in (50, 95, 99, 100)
    }


def _percentile(values: Sequence[float], percent: int) -> float:
    return round(values[min(len(values) - 1, len(values) * percent // 100)] * 1000, 1)


if __name__ == "__main__":
    main()
