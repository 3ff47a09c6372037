"""What many quiet systems on one machine cost: memory, processor, and how long each waits for a change.

python -m tests.bench.bench_fleet [--systems 1 20 150]

A source, a worker, and so many systems that receive files, all connectors forked by one fleet. People are written one
by one, a second apart: first each for one system, while the others have nothing to do, then each for all. A wait counts
from the commit in the source to the row in a system's file. Memory is what the processes of the fleet take together
(PSS), processor that of the fleet and Kafka while nothing happens for a minute.
"""

import argparse
import itertools
import os
import statistics
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import psycopg

from tests.chaos.processes import children
from tests.chaos.small_city import SmallCity
from tests.chaos.standing_servers import Servers, standing_servers

_MANIFEST = """
system: SYSTEM
connect: {kind: csv, folder: "FOLDER", mode: append}
subscribes:
  person: {into: nguoi, key: {ma: key}, fields: {ten: full_name}, where: "note in ['all', 'SYSTEM']", purpose: kiểm thử}
"""
_PEOPLE = 20
_IDLE_SECONDS = 60.0
_READY_SECONDS = 600.0
_numbers = itertools.count()


def main() -> None:
    """One row a number of systems."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--systems", type=int, nargs="+", default=[1, 20, 150])
    options = parser.parse_args()
    print(
        "| systems | all delivering after, s | one receives, ms | all receive, ms | fleet, MB | rest: fleet; Kafka, % |"
    )
    print("|---|---|---|---|---|---|")
    for systems in options.systems:
        with tempfile.TemporaryDirectory(prefix="lienthong-bench-") as name:
            folder = Path(name)
            with standing_servers(folder) as servers, _city(servers, folder, systems) as city:
                _measure(city, servers, systems)


@contextmanager
def _city(servers: Servers, folder: Path, systems: int) -> Iterator[SmallCity]:
    home = folder / "city"
    home.mkdir()
    city = SmallCity(servers.kafka, servers.postgres, servers.registry.url, home, partitions=1)
    city.prepare(target_ddl="")
    (home / "systems" / "dich.yaml").unlink()
    for number in range(systems):
        system, out = f"s{number:03}", home / "out" / f"s{number:03}"
        out.mkdir(parents=True)
        text = _MANIFEST.replace("SYSTEM", system).replace("FOLDER", str(out))
        (home / "systems" / f"{system}.yaml").write_text(text)
    city._console("apply", str(home / "systems"), "--yes")
    try:
        yield city
    finally:
        city.stop()


def _measure(city: SmallCity, servers: Servers, systems: int) -> None:
    everybody = [f"s{number:03}" for number in range(systems)]
    city.start("w1")
    began = time.monotonic()
    fleet = city.start("fleet")
    _arrivals(city, _write(city, "all"), everybody)
    ready = time.monotonic() - began
    one = _waits(city, ([everybody[number % systems]] for number in range(_PEOPLE)))
    every = _waits(city, (everybody for _ in range(_PEOPLE)))
    family = [fleet.pid, *children(fleet.pid).values()]
    memory = sum(map(_pss_mb, family))
    assert servers.kafka.pid is not None
    before = [sum(map(_cpu_seconds, family)), _cpu_seconds(servers.kafka.pid)]
    time.sleep(_IDLE_SECONDS)
    after = [sum(map(_cpu_seconds, family)), _cpu_seconds(servers.kafka.pid)]
    rest = [100 * (b - a) / _IDLE_SECONDS for a, b in zip(before, after, strict=True)]
    print(
        f"| {systems} | {ready:.1f} | {_percentiles(one)} | {_percentiles(every)} | {memory:,.0f} "
        f"| {rest[0]:.0f}; {rest[1]:.0f} |",
        flush=True,
    )


def _waits(city: SmallCity, receivers: Iterable[list[str]]) -> list[float]:
    found: list[float] = []
    for names in receivers:
        written = _write(city, names[0] if len(names) == 1 else "all")
        found += [at - written.at for at in _arrivals(city, written, names)]
        time.sleep(1)
    return found


def _percentiles(waits: list[float]) -> str:
    cuts = statistics.quantiles(waits, n=100)
    return f"{cuts[49] * 1000:.0f}; {cuts[98] * 1000:.0f}"


class _Written(NamedTuple):
    name: str
    at: float


def _write(city: SmallCity, receiver: str) -> _Written:
    """`receiver`: a system, or `all`."""
    name = f"Người {next(_numbers)}."
    with psycopg.connect(city.source_dsn) as connection:
        connection.execute(
            "insert into public.cong_dan(ho_ten, ngay_sinh, gioi_tinh, ghi_chu) values (%s, '02/09/1990', '2', %s)",
            [name, receiver],
        )
    return _Written(name, time.time())


def _arrivals(city: SmallCity, written: _Written, systems: list[str]) -> list[float]:
    """The moments at which each system's files have the row, as far as looking again and again tells."""
    missing, found = set(systems), []
    deadline = time.monotonic() + _READY_SECONDS
    while missing:
        assert time.monotonic() < deadline, f"{len(missing)} systems did not get it, {sorted(missing)[0]} for one"
        time.sleep(0.005)
        for system in list(missing):
            texts = (path.read_text() for path in (city.home / "out" / system).glob("*.csv"))
            if any(written.name in text for text in texts):
                missing.discard(system)
                found.append(time.time())
    return found


def _pss_mb(pid: int) -> float:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1000


def _cpu_seconds(pid: int) -> float:
    words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main()
