"""A worker as a process: fenced by its namesake, stuck, and without a broker."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from deploy.embedded.kafka import Kafka
from tests.integration.engine_harness import Site, Worker, until
from tests.integration.engine_rows import assert_exact, rows_of

FAIL_STOP = 70


@pytest.fixture
def site(kafka: str, tmp_path: Path) -> Iterator[Site]:
    made = Site(kafka, tmp_path)
    yield made
    made.close()


def test_a_second_worker_of_the_same_name_ends_the_first(site: Site) -> None:
    first = site.start("same")
    site.produce(rows_of(400))
    until(lambda: site.out_count() >= 400, seconds=30, doing="the first results")
    second = site.start("same")
    count = 400

    def first_is_gone() -> bool:
        nonlocal count
        site.produce(rows_of(40, start=count))
        count += 40
        return first.process.poll() is not None

    until(first_is_gone, seconds=30, doing="the first worker to be fenced")
    assert first.process.returncode == FAIL_STOP
    assert first.has_logged("another worker has the same name")
    until(lambda: site.out_count() >= count, seconds=30, doing="the second's results")
    second.stop()
    assert_exact(site, count)


def test_a_stuck_worker_ends_itself_and_shows_where(site: Site) -> None:
    site.produce([*rows_of(40), (2, b"key-2", b"stuck")])
    worker = site.start("first", ENGINE_SILENCE="3")
    assert worker.process.wait(40) == FAIL_STOP
    assert worker.has_logged("made no progress")
    assert worker.has_logged("threading.Event().wait()")
    after = site.start("first", ENGINE_SKIPS_STUCK="1")
    until(lambda: site.out_count() >= 41, seconds=30, doing="all results")
    after.stop()


def test_a_full_disk_ends_the_worker_and_when_there_is_room_it_goes_on(site: Site) -> None:
    count = 12_000
    site.produce(rows_of(count))
    worker = site.start("first", ENGINE_FILE_BYTES="30000")
    assert worker.process.wait(60) == FAIL_STOP
    assert worker.has_logged("make room on its disk")
    after = site.start("first")
    until(lambda: site.out_count() >= count, seconds=60, doing="all results")
    after.stop()
    assert not after.has_logged("built anew")
    assert_exact(site, count)
    assert site.state("first") == site.changelog()


def test_nothing_is_lost_or_repeated_when_the_broker_is_killed(
    private_kafka: Callable[[], Kafka], tmp_path: Path
) -> None:
    server = private_kafka()
    site = Site(server.bootstrap, tmp_path)
    try:
        worker = site.start("first")
        site.produce(rows_of(2_000))
        until(lambda: site.out_count() >= 400, seconds=30, doing="the first results")
        for start in (2_000, 4_000):
            server.kill()
            time.sleep(2)
            server.start()
            server.wait_ready()
            site.produce(rows_of(2_000, start=start))
        worker = supervise(site, worker, until_count=6_000)
        assert worker.stop() < 10
        assert_exact(site, 6_000)
        assert site.state("first") == site.changelog()
    finally:
        site.close()


def test_a_worker_without_a_broker_can_be_stopped(private_kafka: Callable[[], Kafka], tmp_path: Path) -> None:
    server = private_kafka()
    site = Site(server.bootstrap, tmp_path)
    try:
        worker = site.start("first")
        site.produce(rows_of(400))
        until(lambda: site.out_count() >= 400, seconds=30, doing="the first results")
        server.kill()
        time.sleep(1)
        assert worker.stop(seconds=20) < 15
    finally:
        site.close()


def supervise(site: Site, worker: Worker, *, until_count: int) -> Worker:
    """Start the worker again whenever it stopped itself; returns the last one when all results are out."""
    deadline = time.monotonic() + 60
    while site.out_count() < until_count:
        assert time.monotonic() < deadline, worker.log.read_text()[-3_000:]
        status = worker.process.poll()
        if status is not None:
            assert status == FAIL_STOP
            worker = site.start(worker.name)
        time.sleep(0.5)
    return worker
