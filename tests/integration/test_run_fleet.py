"""All connectors of a machine from one process: they start by the catalogue, again when they die, and take little."""

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from deploy.embedded.kafka import Kafka
from deploy.embedded.postgres import Postgres
from tests.chaos.processes import children, wait_until
from tests.chaos.small_city import SmallCity, small_city
from tests.integration.officer import typed

#: Of a connector that shares what it has imported, less than half of what one by itself takes.
_MOST_PRIVATE_MB = 35


@pytest.fixture
def city(
    private_kafka: Callable[[], Kafka], private_postgres: Callable[[], Postgres], registry: str, tmp_path: Path
) -> Iterator[SmallCity]:
    with small_city(private_kafka(), private_postgres(), registry, tmp_path) as made:
        with psycopg.connect(made.target_dsn) as connection:
            connection.execute("create table public.cu_tru (like public.nhan_khau including all)")
        for name in ("w1", "fleet"):
            made.start(name)
        yield made


def _private_mb(pid: int) -> float:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith("Private_")) / 1000


def _insert(city: SmallCity, name: str) -> None:
    row = {"ho_ten": name, "ngay_sinh": "02/09/1990", "gioi_tinh": "2", "ghi_chu": "0:1"}
    with psycopg.connect(city.source_dsn) as connection:
        connection.execute(
            f"insert into public.cong_dan({','.join(row)}) values (%s, %s, %s, %s)".encode(), list(row.values())
        )


def _starts(city: SmallCity, process: str) -> int:
    return (city.home / "fleet.log").read_text().count(f'"event": "starting", "process": "{process}"')


def _arrives(city: SmallCity, name: str, *, table: str = "nhan_khau") -> None:
    def names() -> list[str]:
        with psycopg.connect(city.target_dsn) as connection:
            return [found for (found,) in connection.execute(f"select ho_va_ten from public.{table}".encode())]

    wait_until(lambda: name in names(), seconds=90, what=f"{name} in {table}", detail=lambda: str(names()))


def test_all_connectors_of_a_machine(city: SmallCity) -> None:
    fleet = city.processes["fleet"]
    _insert(city, "Người Một")
    _arrives(city, "Người Một")
    running = children(fleet.pid)
    assert running.keys() == {"source/nguon", "sink/dich", "fleet-scout"}
    assert max(map(_private_mb, running.values())) < _MOST_PRIVATE_MB

    for victim in ("sink/dich", "source/nguon", "fleet-scout"):
        os.kill(running[victim], signal.SIGKILL)
    _insert(city, "Người Hai")
    _arrives(city, "Người Hai")

    manifest = (city.home / "systems" / "dich.yaml").read_text()
    another = manifest.replace("system: dich", "system: cu_tru").replace("public.nhan_khau", "public.cu_tru")
    starts = _starts(city, "sink/dich")
    (city.home / "systems" / "cu_tru.yaml").write_text(another)
    city.apply()
    _arrives(city, "Người Một", table="cu_tru")
    _insert(city, "Người Ba")
    _arrives(city, "Người Ba")
    assert _starts(city, "sink/dich") == starts, "what another system's manifest says is no reason to begin again"
    assert children(fleet.pid).keys() == {"source/nguon", "sink/dich", "sink/cu_tru", "fleet-scout"}

    (city.home / "systems" / "cu_tru.yaml").unlink()
    typed(city.environment(), "apply", str(city.home / "systems"), "--yes")
    wait_until(lambda: "sink/cu_tru" not in children(fleet.pid), seconds=60, what="what is not wanted to end")
    left = children(fleet.pid).values()
    assert city.processes.pop("fleet").stop() == 0
    wait_until(lambda: not any(map(_lives, left)), seconds=20, what="everybody to end")


def _lives(pid: int) -> bool:
    try:
        return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except FileNotFoundError:
        return False
