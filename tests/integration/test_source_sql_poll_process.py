"""A polling process that is killed by the system at any moment, while the table changes."""

import json
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.integration.polled_database import TABLE, Polled, Replay, polled
from tests.integration.shared_servers import SharedPostgres

_TABLE = f"""
CREATE TABLE {TABLE} (id bigint PRIMARY KEY, ten text, cap_nhat timestamptz NOT NULL DEFAULT clock_timestamp());
CREATE INDEX ON {TABLE} (cap_nhat);
INSERT INTO {TABLE} SELECT g, 'cũ ' || g FROM generate_series(1, 3000) g;
"""
_SECONDS = 60.0
_ROOT = Path(__file__).parents[2]


@contextmanager
def _running(folder: Path) -> Iterator[None]:
    command = [sys.executable, "-m", "tests.integration.polling_process", str(folder)]
    with (folder / "errors").open("ab") as errors:
        process = subprocess.Popen(command, cwd=_ROOT, stderr=errors, stdout=subprocess.DEVNULL)
    try:
        yield
        assert process.poll() is None, (folder / "errors").read_text()
    finally:
        process.kill()
        process.wait()


def _said(folder: Path) -> dict[str, str]:
    """What the whole lines amount to; lines that were cut off have not reached Kafka."""
    replay = Replay()
    path = folder / "events.jsonl"
    for line in path.read_text().splitlines() if path.exists() else []:
        try:
            replay.take(json.loads(line))
        except json.JSONDecodeError:
            continue
    return {row: after["ten"] for row, after in replay.rows().items()}


def _complete(folder: Path) -> bool:
    path = folder / "memory.json"
    return path.exists() and bool(json.loads(json.loads(path.read_text())["detail"] or "{}").get("complete"))


def _size(folder: Path) -> int:
    path = folder / "events.jsonl"
    return path.stat().st_size if path.exists() else 0


def _change(database: Polled, chance: random.Random) -> None:
    rows = f"SELECT g, random()::text FROM generate_series({chance.randint(1, 2990)}, 3010, 97) g"
    database.run(
        f"INSERT INTO {TABLE} (id, ten) {rows} ON CONFLICT (id) "
        "DO UPDATE SET ten = excluded.ten, cap_nhat = clock_timestamp()"
    )
    database.run(f"DELETE FROM {TABLE} WHERE id = {chance.randint(1, 3000)}")


def test_killed_at_any_moment_it_loses_nothing(postgres: SharedPostgres, tmp_path: Path) -> None:
    chance = random.Random(7)
    with polled(postgres, tmp_path, _TABLE) as database:
        (tmp_path / "manifest.json").write_text(json.dumps(database.manifest().dumped()))
        for number in range(7):
            until = time.monotonic() + _SECONDS
            with _running(tmp_path):
                # The first two within their snapshots, the others later.
                while number > 1 and not _complete(tmp_path):
                    assert time.monotonic() < until
                    time.sleep(0.01)
                enough = _size(tmp_path) + chance.randint(10, 200_000)
                while _size(tmp_path) < enough:
                    assert time.monotonic() < until
                    _change(database, chance)
            _change(database, chance)
        with _running(tmp_path):
            until = time.monotonic() + _SECONDS
            while _said(tmp_path) != database.names():
                assert time.monotonic() < until
                time.sleep(0.2)
