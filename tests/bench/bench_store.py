"""What the account costs, and how fast it answers, with real servers.

python -m tests.bench.bench_store [--rows 10000000] [--records 200000]

Three figures: the CPU of the outcomes in a worker, per change; the CPU of the store's process, per record that stands
in Kafka; and the milliseconds of what `lienthong trace` and `lienthong ledger` ask a store that keeps so many rows.
"""

import argparse
import base64
import random
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any
from unittest.mock import patch

from psycopg import Connection

from console.store.database import prepare
from console.store.feed import Feed
from console.store.figures import Window, read_figures
from console.tracing.lookups import Lookups
from deploy.embedded.kafka import Kafka
from deploy.embedded.postgres import Postgres
from deploy.embedded.registry import Registry
from schemas.settings import Settings
from streams.outcomes import Tally
from streams.worker import Worker
from tests.bench.pipeline_scenes import city
from tests.integration.store_yard import RAW, TO, StoreYard, delivered, processed
from tests.unit.console.city import outcome

BATCH = 500
DAY = 86_400_000_000
_ROWS = """
INSERT INTO ranges SELECT
  (ARRAY['processed', 'routed', 'filtered', 'unchanged', 'delivered'])[1 + n %% 5],
  CASE n %% 5 WHEN 0 THEN 'ho_tich' ELSE 'he_thong_' || n %% 7 END, 'person',
  CASE n %% 5 WHEN 4 THEN 'to.he_thong_' || n %% 7 || '.person' ELSE 'raw.ho_tich.person' END,
  CASE n %% 5 WHEN 4 THEN 0 ELSE (n / 5) %% 4 END,
  (n / 20) * 500, (n / 20) * 500 + 499, 500, 0, 0, %(now)s - %(span)s + (%(span)s / %(rows)s) * n, 'w1'
FROM generate_series(0, %(rows)s - 1) AS n
"""


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--records", type=int, default=200_000)
    arguments = parser.parse_args()
    _worker()
    with tempfile.TemporaryDirectory(prefix="lienthong-bench-") as name:
        home = Path(name)
        home.chmod(0o755)
        servers = Postgres(home / "postgres"), Kafka(home / "kafka"), Registry(home / "registry")
        try:
            for server in servers:
                server.configure()
                server.start()
                server.wait_ready()
            dsn = servers[0].dsn("lienthong")
            with prepare(dsn) as connection:
                _answers(connection, arguments.rows)
                connection.execute("DROP SCHEMA lienthong CASCADE")
            (home / "dead_letter_key").write_text(base64.b64encode(bytes(32)).decode())
            settings = Settings(kafka=servers[1].bootstrap, registry=servers[2].url, secrets=home, data=home)
            _feed(StoreYard(settings, dsn), dsn, arguments.records)
        finally:
            for server in servers:
                server.kill()


def _worker() -> None:
    """The steps with and without outcomes, in turns: other work on the machine costs both the same."""
    on, off = [], []
    for _ in range(3):
        on.append(_microseconds_per_change())
        with patch.object(Tally, "add", lambda *_: None), patch.object(Worker, "_send_outcomes", lambda *_: None):
            off.append(_microseconds_per_change())
    share = (min(on) - min(off)) / min(on)
    print(f"worker: {min(on):.1f} us a change, {min(off):.1f} without outcomes: they cost {share:.1%}")


def _microseconds_per_change() -> float:
    scene = city(2_500)
    made = [batch for part in scene.parts for batch in part.batches]
    began = time.process_time()
    for batch in made:
        scene.worker.process(batch)
    return (time.process_time() - began) / sum(len(batch.records) for batch in made) * 1e6


def _feed(yard: StoreYard, dsn: str, records: int) -> None:
    """A burst: raw records, as many deliveries, and an outcome a batch and result; read while it stands there."""
    yard.feed()
    for topic in (RAW, TO):
        yard.stand(topic, records)
    for first in range(0, records, BATCH):
        last = first + BATCH - 1
        spared = (outcome("filtered", f"s{n}", RAW, first=first, last=last, count=BATCH) for n in range(4))
        yard.say(processed(first, last), delivered(first, last), *spared)
    with prepare(dsn) as connection:
        feed = Feed(yard.settings, connection)
        began, cpu = time.monotonic(), time.process_time()
        while not feed.caught_up:
            feed.step(0.2)
        wall, cpu = time.monotonic() - began, time.process_time() - cpu
        feed.close()
    print(
        f"store: {cpu / records * 1e6:.2f} us of CPU a change with one delivery, {records / wall:,.0f} changes a second"
    )


def _answers(connection: Connection[Any], rows: int) -> None:
    now = time.time_ns() // 1000
    connection.execute("SET statement_timeout = 0")
    began = time.monotonic()
    connection.execute(_ROWS, {"rows": rows, "now": now, "span": 30 * DAY})
    connection.execute("ANALYZE ranges")
    [(size,)] = connection.execute("SELECT pg_total_relation_size('ranges')").fetchall()
    print(f"{rows:,} ranges in {time.monotonic() - began:.0f} s, {size / 1e9:.1f} GB")
    lookups, chance, reach = Lookups(connection), random.Random(1), rows // 20 * 500
    _time("end of a record", lambda: lookups.end(("raw.ho_tich.person", chance.randrange(4)), chance.randrange(reach)))
    _time("end of a delivery", lambda: lookups.end(("to.he_thong_3.person", 0), chance.randrange(reach)))
    _time("ledger of all time", lambda: read_figures(connection))
    _time("ledger of an hour", lambda: read_figures(connection, Window(now - DAY // 24, now)))
    _time("ledger of a day", lambda: read_figures(connection, Window(now - DAY, now)), times=3)


def _time(name: str, ask: Callable[[], object], *, times: int = 50) -> None:
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        ask()
        taken.append((time.perf_counter() - began) * 1000)
    print(f"{name}: median {median(taken):.1f} ms, worst {max(taken):.1f} ms")


if __name__ == "__main__":
    main()
