"""The sink `csv` is killed again and again while it writes: nothing is lost, nothing is there twice."""

import random
import subprocess
import sys
from pathlib import Path

import pytest

from connectors.kit.sink_feed import Feed
from tests.contract.sinks.csv import Target, records
from tests.integration.csv_writer import BATCH, KEYS
from tests.integration.delivery_city import PROJECT, until


@pytest.mark.parametrize("mode", ["append", "snapshot"])
def test_killed_again_and_again(tmp_path: Path, mode: str) -> None:
    target = Target(tmp_path, "append" if mode == "append" else "snapshot")
    chance, positions = random.Random(mode), [0]
    for _ in range(6):
        _write_and_die(tmp_path, mode, chance)
        feed = Feed(target.sink())
        feed.sink.close()
        assert feed.position > positions[-1]
        assert feed.position % BATCH == 0
        positions.append(feed.position)
        expected = {f"k#{n % KEYS:02d}": str(n) for n in range(max(0, feed.position - KEYS), feed.position)}
        assert {key: row["ho_ten"] for key, row in target.rows().items()} == expected
    if mode == "append":
        files = target.files()
        assert [path.name.split(".")[-2] for path in files] == [f"{n + 1:012d}" for n in range(len(files))]
        written = [row["ho_ten"] for path in files for row in records(path)]
        assert written == [str(number) for number in range(positions[-1])]


def _write_and_die(folder: Path, mode: str, chance: random.Random) -> None:
    argv = [sys.executable, "-m", "tests.integration.csv_writer", str(folder), mode]
    before, seen, wanted = _states(folder), set[tuple[str, int]](), chance.randrange(1, 12)

    def has_written() -> bool:
        seen.update(_states(folder) - before)
        return len(seen) >= wanted

    process = subprocess.Popen(argv, cwd=PROJECT)
    try:
        until(has_written, doing="some writing")
    finally:
        process.kill()
        process.wait()


def _states(folder: Path) -> set[tuple[str, int]]:
    """Every state of every file that can be seen."""
    return {(path.name, path.stat().st_mtime_ns) for path in folder.glob("*.csv")}
