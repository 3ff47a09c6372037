"""A paused system is let go of, over restarts too, and catches up with everything afterwards, deletes included."""

from collections.abc import Callable
from pathlib import Path

import psycopg
from confluent_kafka import Consumer, TopicPartition

from deploy.embedded.kafka import Kafka
from deploy.embedded.postgres import Postgres
from schemas import topics
from tests.chaos.processes import wait_until
from tests.chaos.small_city import SmallCity, small_city
from tests.chaos.target import difference, history_faults
from tests.integration.officer import typed

_FILL = """
insert into public.cong_dan(so_dinh_danh, ho_ten, gioi_tinh, ghi_chu)
  select null, 'Trần Thị Bình', '2', '{name}-' || g || ':1' from generate_series(1, 40) g
"""
_CHANGE = """
delete from public.cong_dan where id % 5 = {turn};
update public.cong_dan set dia_chi = 'đã chuyển', ghi_chu = split_part(ghi_chu, ':', 1) || ':'
  || (split_part(ghi_chu, ':', 2)::bigint + 1) where id % 3 = 0;
"""


def _run(city: SmallCity, statements: str) -> None:
    with psycopg.connect(city.source_dsn, autocommit=True) as connection:
        connection.execute(statements.encode())


def _end(city: SmallCity, topic: str, partitions: int) -> int:
    consumer = Consumer({"bootstrap.servers": city.kafka.bootstrap, "group.id": "t"})
    ends = [consumer.get_watermark_offsets(TopicPartition(topic, each), timeout=10) for each in range(partitions)]
    consumer.close()
    return sum(high for _, high in ends)


def _is_let_go(dsn: str) -> bool:
    with psycopg.connect(dsn, application_name="tests") as connection:
        found = connection.execute(
            "select count(*) from pg_stat_activity where datname = current_database() and application_name ilike %s",
            ("%lienthong%",),
        ).fetchone()
    return found == (0,)


def _until_equal(city: SmallCity, what: str) -> None:
    wait_until(
        lambda: not difference(city.source_dsn, city.target_dsn),
        seconds=60,
        what=what,
        detail=lambda: str(difference(city.source_dsn, city.target_dsn))[:2000],
    )


def test_a_paused_system_is_let_go_of_and_catches_up(
    private_kafka: Callable[[], Kafka], private_postgres: Callable[[], Postgres], registry: str, tmp_path: Path
) -> None:
    with small_city(private_kafka(), private_postgres(), registry, tmp_path) as city:
        _run(city, _FILL.format(name="a"))
        for name in ("source", "w1", "sink"):
            city.start(name)
        _until_equal(city, "the first snapshot")

        told = typed(city.environment(), "pause", "nguon", "--by", "lan", "--why", "chuyển máy chủ", "--lang", "en")
        assert "nguon (source) rests" in told
        captured = _end(city, topics.raw("nguon", "person"), 4)
        city.processes.pop("source").stop()
        assert "a pause stands (lan: chuyển máy chủ)" in typed(city.environment(), "status", "--lang", "en")
        city.start("source")
        _run(city, _FILL.format(name="b"))
        _run(city, _CHANGE.format(turn=1))
        status = _status_of(city, "nguon")
        assert "paused" in status and "lan: chuyển máy chủ" in status
        wait_until(lambda: _is_let_go(city.source_dsn), seconds=10, what="the source's database is let go of")
        assert _end(city, topics.raw("nguon", "person"), 4) == captured

        told = typed(city.environment(), "pause", "dich", "--receiving", "--why", "bảo trì", "--lang", "en")
        assert "dich (sink) rests" in told
        wait_until(lambda: _is_let_go(city.target_dsn), seconds=10, what="the target's database is let go of")
        owed = _end(city, topics.to("dich", "person"), 1)
        assert "nguon (source) goes on" in typed(city.environment(), "resume", "nguon", "--why", "xong", "--lang", "en")
        wait_until(
            lambda: _end(city, topics.to("dich", "person"), 1) > owed + 40, seconds=60, what="others go on meanwhile"
        )
        _run(city, _CHANGE.format(turn=2))
        assert difference(city.source_dsn, city.target_dsn)
        typed(city.environment(), "resume", "dich", "--why", "xong")
        _until_equal(city, "all that happened while both were paused")
        assert not history_faults(city.target_dsn)


def _status_of(city: SmallCity, system: str) -> str:
    found = [""]

    def rests() -> bool:
        found[0] = typed(city.environment(), "status", "--lang", "en")
        return any(line.startswith(system) and "paused" in line for line in found[0].splitlines())

    wait_until(rests, seconds=30, what=f"{system} rests after a restart, too", detail=lambda: found[0])
    return found[0]
