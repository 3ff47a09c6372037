"""How much disk each process takes: what docs/production.md says of it.

python -m tests.bench.bench_disk [--people 5000] [--records 100000]

A worker's state of so many people of the city's five systems; one of so many records that are written again and again;
what a polled source knows of rows; the ledger and the files of a CSV sink; the rows of the store. Bytes as the file
system and PostgreSQL count them.
"""

import argparse
import os
import random
import tempfile
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from rocksdict import Cache

from connectors.kit import sink_manifest
from connectors.kit.sink_feed import Feed, upsert
from connectors.sinks.csv import sink
from connectors.sources.sql_polling import changes
from connectors.sources.sql_polling.store import Store
from connectors.sources.sql_polling.tables import Found
from console.store.database import prepare
from deploy.embedded.postgres import Postgres
from schemas.settings import Settings
from streams.engine.checkpoint import Checkpoint
from streams.engine.state import PartitionState
from tests.bench.pipeline_scenes import BATCH, city

_CACHE_BYTES = 64 * 1024 * 1024
_TURNS = 6
#: Of each table of the store, how a row of it is made.
_ROWS = {
    "ranges": "'processed', 'ho_tich', 'person', 'raw.ho_tich.person', 0, n, n, 1, n, n, n, 'w1'",
    "exceptions": "gen_random_uuid(), 'quarantined', 'dan_cu', 'person', 'to.dan_cu.person', 0, n, 'too_long', NULL, "
    "'ho_tich/public.cong_dan/1/' || n || '/0', n, n, 'sink/dan_cu'",
    "captures": "gen_random_uuid(), 'ho_tich', 'person', 1, n, n, 1, 'ho_tich/public.cong_dan/1/' || n || '/0', "
    "n, n, n, 'source/ho_tich'",
    "stretches": "'raw.ho_tich.person', 0, n, n, '{}', n, n",
    "dead_letters": "md5(n::text), 'dan_cu', 'person', 'sink', 'too_long', repeat('m', 80), 'ho_ten', "
    "'ho_tich/public.cong_dan/1/' || n || '/0', md5(n::text), 'to.dan_cu.person', 0, n, n, 1, 'key', "
    "decode(repeat(md5(n::text), 32), 'hex')",
}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--people", type=int, default=5_000)
    parser.add_argument("--records", type=int, default=100_000)
    arguments = parser.parse_args()
    people = arguments.people
    with tempfile.TemporaryDirectory(prefix="lienthong-bench-") as name:
        home = Path(name)
        home.chmod(0o755)
        _worker(home / "state", people)
        _overwritten(home / "overwritten", arguments.records)
        _source(home / "source", people)
        _csv(home / "csv", people)
        _store(home, people)


def _worker(path: Path, people: int) -> None:
    scene = city(people)
    kafka = scene.parts[0].batches[0].kafka
    for part in scene.parts:
        for batch in part.batches:
            scene.worker.process(batch)
    pairs = list(kafka.states[0].entries.items())
    raw = sum(len(key) + len(value) for key, value in pairs)
    state = PartitionState(path, cache=Cache(_CACHE_BYTES))
    print(f"worker: {len(pairs):,} keys of {people:,} people, {raw / people:.0f} bytes a person before compression")
    for first in range(0, len(pairs), BATCH):
        state.apply(dict(pairs[first : first + BATCH]), Checkpoint("topic", first))
    state.close()
    print(f"worker: {_size([path]) / people:.0f} bytes a person when written once")


def _overwritten(path: Path, records: int) -> None:
    """At full speed, in any order, by values that cannot be compressed: worse than life."""
    state, keys, most = PartitionState(path, cache=Cache(_CACHE_BYTES)), list(range(records)), 0
    for turn in range(_TURNS):
        random.shuffle(keys)
        for first in range(0, records, BATCH):
            some = {b"citizen_id:%012d" % key: os.urandom(1_000) for key in keys[first : first + BATCH]}
            state.apply(some, Checkpoint("topic", turn * records + first))
            most = max(most, _size([path]))
        print(
            f"worker: {records:,} KB written {turn + 1} times: {_size([path]) / 1e6:.0f} MB, at most {most / 1e6:.0f}"
        )
    state.close()
    print(f"worker: {_size([path]) / 1e6:.0f} MB when closed")


def _source(path: Path, people: int) -> None:
    store = Store(path / "dkkd.sqlite")
    store.begin_anew("a", 1)
    row = {"so_dkkd": "0100109106", "ten": "Công ty Trách nhiệm hữu hạn", "chu": "001099012345", "dien_thoai": "+84"}
    for first in range(0, people, BATCH):
        found = [
            Found(str(n), [n], "2026-11-27T08:00:00", {"id": n, **row}, {"id": n, **row}, None)
            for n in range(first, first + BATCH)
        ]
        with store.writing():
            store.learn("public.doanh_nghiep", map(changes.knowledge, found))
    store.close()
    print(f"polled source: {_size([path]) / people:.0f} bytes a row")


def _csv(path: Path, people: int) -> None:
    path.mkdir()
    feed = Feed(sink(sink_manifest({"kind": "csv", "folder": str(path)}), Settings()))
    for first in range(0, people, BATCH):
        keys = (f"citizen_id:{n:012d}" for n in range(first, first + BATCH))
        feed.write(*(upsert(key, ho_ten="Nguyễn Thị Minh Khai", ghi_chu="phường Hàng Bạc") for key in keys))
    files, ledger = path.glob("*.csv"), path.rglob("ledger.sqlite*")
    print(f"csv sink: {_size(files) / people:.0f} bytes a change in files, {_size(ledger) / people:.0f} a row kept")


def _store(home: Path, rows: int) -> None:
    server = Postgres(home / "postgres")
    server.configure()
    server.start()
    try:
        server.wait_ready()
        with prepare(server.dsn("lienthong")) as connection:
            for table, made in _ROWS.items():
                connection.execute(f"INSERT INTO {table} SELECT {made} FROM generate_series(1, {rows}) AS n".encode())
                [(size,)] = connection.execute(f"SELECT pg_total_relation_size('{table}')".encode()).fetchall()
                print(f"store: {size / rows:.0f} bytes a row of {table}")
    finally:
        server.kill()


def _size(paths: Iterable[Path]) -> int:
    """Of all files, but those that go just now."""
    sizes = []
    for path in paths:
        for file in [path] if path.is_file() else path.rglob("*"):
            with suppress(FileNotFoundError):
                sizes.append(file.stat().st_size if file.is_file() else 0)
    return sum(sizes)


if __name__ == "__main__":
    began = time.monotonic()
    main()
    print(f"took {time.monotonic() - began:.0f} s")
