"""How fast `lienthong trace` is where the store keeps ten million outcomes, each in a row of its own.

python -m tests.bench.bench_trace [--outcomes 10000000] [--times 20]

The store keeps ranges, and single rows for exceptions only: ten million records that went well are some ten thousand
rows. Here nothing ever followed anything, which is the worst that it can be made to keep: four tenths are ranges of one
record, three tenths captures of one change, three tenths exceptions, each of them with its dead letter. First come the
questions of a trace by themselves, for 200 chance records each; among them those for what the store does not know, as
it is for whatever was captured a moment ago. Then a small city runs beside them, with this store, and the command is
typed for its people, a process each time. Percentiles in milliseconds; `load` is that of the machine at the time.
"""

import argparse
import json
import os
import random
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median
from typing import Any

import psycopg
from psycopg import Connection

from console.store.database import prepare
from console.tracing.lookups import Lookups
from tests.bench.bench_reconcile import Clock
from tests.chaos.processes import wait_until
from tests.chaos.small_city import SmallCity, small_city
from tests.chaos.standing_servers import standing_servers

RAW, TO = "raw.nguon.person", "to.dich.person"
PARTITIONS = 4
#: The city's own records come before these offsets.
FIRST = 1_000_000
_KEYS = 200
_PEOPLE = 200
_DAY = 86_400_000_000
#: `time` is spread over 25 days, for what is older than 30 is removed. Every second one is a raw record.
_PLACE = f"""
  CASE n %% 2 WHEN 0 THEN '{RAW}' ELSE '{TO}' END,
  CASE n %% 2 WHEN 0 THEN n / 2 %% {PARTITIONS} ELSE 0 END,
  {FIRST} + CASE n %% 2 WHEN 0 THEN n / {2 * PARTITIONS} ELSE n / 2 END"""
_TIME = f"%(now)s - {25 * _DAY} + ({25 * _DAY} / %(rows)s) * n"
_FILLED = {
    "ranges": f"""
      INSERT INTO ranges SELECT CASE n %% 2 WHEN 0 THEN 'processed' ELSE 'delivered' END,
      CASE n %% 2 WHEN 0 THEN 'nguon' ELSE 'dich' END, 'person', place.*, place."offset", 1, 0, 0, {_TIME}, 'w1'
      FROM generate_series(0, %(rows)s - 1) n, LATERAL (SELECT {_PLACE} AS "offset") place""",
    # A position in a WAL is a number of bytes: between two commits there are others.
    "captures": f"""
      INSERT INTO captures SELECT lpad(to_hex(n), 32, '0')::uuid, 'nguon', 'person', %(epoch)s, n * 3, n * 3, 1,
      'nguon/public.cong_dan/' || %(epoch)s || '/' || to_hex(n * 3) || '/1', 0, 0, {_TIME}, 'source/nguon'
      FROM generate_series(0, %(rows)s - 1) n""",
    # They follow the others.
    "exceptions": f"""
      INSERT INTO exceptions SELECT lpad(to_hex(n), 32, '0')::uuid, 'quarantined',
      CASE n %% 2 WHEN 0 THEN 'nguon' ELSE 'dich' END, 'person', topic, partition, "offset" + %(rows)s, 'bad_value',
      NULL, 'nguon/public.cong_dan/9/' || to_hex(n) || '/1', 0, {_TIME}, 'w1' FROM generate_series(0, %(rows)s - 1) n,
      LATERAL (SELECT {_PLACE}) place (topic, partition, "offset")""",
    "dead_letters": f"""
      INSERT INTO dead_letters SELECT lpad(n::text, 32, '0'), 'dich', 'person', 'sink', 'bad_value',
      'a date of another form', 'ngay_sinh', 'nguon/public.cong_dan/9/' || to_hex(n) || '/1', md5(n::text), topic,
      partition, "offset" + %(rows)s, {_TIME}, 1, 'k', '\\x00' FROM generate_series(0, %(rows)s - 1) n,
      LATERAL (SELECT {_PLACE}) place (topic, partition, "offset")""",
}
_SHARES = {"ranges": 0.4, "captures": 0.3, "exceptions": 0.3, "dead_letters": 0.3}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--outcomes", type=int, default=10_000_000)
    parser.add_argument("--times", type=int, default=20, help="how often the command is typed")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # what was started is ended in any case
    with tempfile.TemporaryDirectory(prefix="lienthong-bench-") as name, ExitStack() as stack:
        home = Path(name)
        kafka, postgres, registry = stack.enter_context(standing_servers(home))
        (home / "city").mkdir()
        city = stack.enter_context(small_city(kafka, postgres, registry.url, home / "city"))
        store = postgres.dsn("lienthong")
        (home / "city" / "secrets" / "store_dsn").write_text(store)
        with prepare(store) as connection:
            _begin(city, connection)
            rows = {table: int(options.outcomes * share) for table, share in _SHARES.items()}
            _fill(connection, rows, _epoch(connection))
            _ask(Lookups(connection), rows, _epoch(connection))
            _type(city, options.times)


def _begin(city: SmallCity, connection: Connection[Any]) -> None:
    """Some people, carried and accounted for: their rows are the newest in the store, whatever is put there after."""
    for process in ("source", "w1", "sink", "store"):
        city.start(process)
    with psycopg.connect(city.source_dsn) as source:
        source.execute(
            "insert into public.cong_dan (so_dinh_danh, ho_ten, ngay_sinh, gioi_tinh, ghi_chu) "
            "select '0010' || lpad(n::text, 8, '0'), 'Nguyễn Văn ' || n, '12/05/1990', '1', '0:1' "
            "from generate_series(1, %s) n",
            [_PEOPLE],
        )
    query = "SELECT coalesce(sum(count), 0) >= %s FROM ranges WHERE topic = %s AND result = 'delivered'"
    wait_until(lambda: connection.execute(query, [_PEOPLE, TO]).fetchone() == (True,), seconds=180, what="the account")


def _epoch(connection: Connection[Any]) -> int:
    [[epoch]] = connection.execute("SELECT epoch FROM captures ORDER BY time DESC LIMIT 1").fetchall()
    return int(epoch)


def _fill(connection: Connection[Any], rows: dict[str, int], epoch: int) -> None:
    connection.execute("SET statement_timeout = 0; SET maintenance_work_mem = '256MB'")
    now = time.time_ns() // 1000
    for table, statement in _FILLED.items():
        began = time.monotonic()
        with _without_indexes(connection, table):
            connection.execute(statement.encode(), {"rows": rows[table], "now": now, "epoch": epoch})
        connection.execute(f"VACUUM ANALYZE {table}".encode())
        [[size]] = connection.execute("SELECT pg_total_relation_size(%s)", [table]).fetchall()
        _tell(table, rows=rows[table], seconds=round(time.monotonic() - began), gb=round(size / 1e9, 2))


@contextmanager
def _without_indexes(connection: Connection[Any], table: str) -> Iterator[None]:
    """Those of the migrations are made again at the end: filling takes a fifth of the time."""
    query = "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = %s AND indexname NOT LIKE '%%_pkey'"
    found = connection.execute(query, [table]).fetchall()
    with connection.transaction():
        for name, _ in found:
            connection.execute(f"DROP INDEX {name}".encode())
        yield
        for _, definition in found:
            connection.execute(definition.encode())


def _ask(lookups: Lookups, rows: dict[str, int], epoch: int) -> None:
    chance = random.Random(1)

    def raw() -> tuple[tuple[str, int], int]:
        return (RAW, chance.randrange(PARTITIONS)), FIRST + chance.randrange(rows["ranges"] // (2 * PARTITIONS))

    def sent(after: int) -> tuple[tuple[str, int], int]:
        return (TO, 0), FIRST + after + chance.randrange(rows["exceptions"] // 2)

    def event(commit: int) -> str:
        return f"nguon/public.cong_dan/{epoch}/{commit:x}/1"

    _time("captured", lambda: lookups.captured(event(3 * chance.randrange(rows["captures"])), "person"))
    _time("captured, not told yet", lambda: lookups.captured(event(1 << 60), "person"))
    _time("captured, lost", lambda: lookups.captured(event(3 * chance.randrange(rows["captures"]) + 1), "person"))
    _time("end of a raw record", lambda: lookups.end(*raw()))
    _time("end of a delivery", lambda: lookups.end(*sent(0)))
    _time("end of a refused one", lambda: lookups.end(*sent(rows["exceptions"])))
    _time("end, not told yet", lambda: lookups.end((TO, 0), 1 << 60))
    _time("ends of partitions", lookups.next_offsets)
    _time("waiting before", lambda: lookups.waiting_before((TO, 0), chance.randrange(FIRST)))


def _time(question: str, ask: Callable[[], object]) -> None:
    taken = []
    for _ in range(_KEYS):
        began = time.perf_counter()
        ask()
        taken.append((time.perf_counter() - began) * 1000)
    _tell(question, p50=round(median(taken), 2), max=round(max(taken), 1))


def _type(city: SmallCity, times: int) -> None:
    clock, chance, took = Clock(city), random.Random(1), list[float]()
    for _ in range(times):
        began = time.monotonic()
        told = clock.run("trace", "person", f"0010{chance.randrange(1, _PEOPLE + 1):08}", "--lang", "en", code=0)
        took.append((time.monotonic() - began) * 1000)
        assert "dich has version" in told, told
    cpu = round(clock.took["cpu_s"] * 1000)
    _tell("lienthong trace", p50=round(median(took)), best=round(min(took)), max=round(max(took)), cpu_of_last=cpu)


def _tell(what: str, **figures: Any) -> None:
    print(json.dumps({"what": what, "load": round(os.getloadavg()[0], 1), **figures}), flush=True)


if __name__ == "__main__":
    main()
