"""What was deleted, changed and added while nobody could see it reaches the target, with workers and sink between.

The target keeps a history: it shows that nothing was written twice, went back, or was taken out and put in again.
"""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import psycopg

from deploy.embedded.kafka import Kafka
from deploy.embedded.postgres import Postgres
from tests.chaos.evidence import evidence
from tests.chaos.processes import python, wait_until
from tests.chaos.small_city import SmallCity, small_city
from tests.chaos.target import difference, history_faults
from tests.chaos.workload import Workload, citizen_id

_SLOT = "lienthong_nguon"
_MISSED = """
delete from public.cong_dan where id % 5 = 0;
update public.cong_dan set dia_chi = 'đã chuyển', ghi_chu = split_part(ghi_chu, ':', 1) || ':'
  || (split_part(ghi_chu, ':', 2)::bigint + 1) where id % 7 = 0;
insert into public.cong_dan(so_dinh_danh, ho_ten, gioi_tinh, ghi_chu)
  select null, 'Không ai thấy', '2', 'miss-{name}-' || g || ':1' from generate_series(1, 30) g;
"""


def _run(city: SmallCity, statements: str) -> None:
    with psycopg.connect(city.source_dsn, autocommit=True) as connection:
        connection.execute(statements.encode())


def _fill(city: SmallCity) -> None:
    with psycopg.connect(city.source_dsn) as connection:
        for number in range(600):
            connection.execute(
                "insert into public.cong_dan(so_dinh_danh, ho_ten, gioi_tinh, ghi_chu) values (%s, %s, '1', %s)",
                (citizen_id(3000 + number) if number % 6 else None, f"Trần Văn {number}", f"fill-{number}:1"),
            )


def _until_equal(city: SmallCity, what: str) -> None:
    wait_until(
        lambda: not difference(city.source_dsn, city.target_dsn),
        seconds=120,
        what=what,
        detail=lambda: str(difference(city.source_dsn, city.target_dsn))[:2000],
    )


def _resync(city: SmallCity) -> subprocess.Popen[str]:
    environment = os.environ | city.environment()
    command = python("console", "resync", "nguon", "--rate", "400")
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def _history_is_clean(city: SmallCity) -> None:
    faults = history_faults(city.target_dsn)
    if faults:
        print(evidence(city, faults[0].uid))
    assert not faults, faults[:8]


def test_what_happened_while_nobody_saw_it_is_mended(
    private_kafka: Callable[[], Kafka], private_postgres: Callable[[], Postgres], registry: str, tmp_path: Path
) -> None:
    with small_city(private_kafka(), private_postgres(), registry, tmp_path) as city:
        _fill(city)
        for name in ("source", "w1", "sink"):
            city.start(name)
        _until_equal(city, "the first snapshot")

        city.processes.pop("source").stop()
        _run(city, f"select pg_drop_replication_slot('{_SLOT}')")
        _run(city, _MISSED.format(name="slot"))
        city.start("source")
        _until_equal(city, "rows deleted while the slot was gone")
        _history_is_clean(city)

        city.processes.pop("source").stop()
        _run(city, _MISSED.format(name="moved"))
        _run(city, f"select pg_replication_slot_advance('{_SLOT}', pg_current_wal_lsn())")
        city.start("source")
        work = Workload(city.source_dsn, seed=8)
        work.start()
        asked = _resync(city)
        for victim in ("source", "w1", "source"):
            before = work.committed
            wait_until(lambda: work.committed > before + 60, seconds=60, what="the workload runs")  # noqa: B023 - called at once
            city.processes[victim].kill()
        output, _ = asked.communicate(timeout=120)
        assert asked.returncode == 0, output
        work.stop()
        _until_equal(city, f"after a resync: {output[-200:]}")
        _history_is_clean(city)
