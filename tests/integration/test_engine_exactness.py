"""Every record counts exactly once and in order, whatever happens to the workers."""

import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.engine_harness import Site, until
from tests.integration.engine_rows import assert_exact, rows_of


@pytest.fixture
def site(kafka: str, tmp_path: Path) -> Iterator[Site]:
    made = Site(kafka, tmp_path)
    yield made
    made.close()


def feed(site: Site, count: int, *, seconds: float) -> threading.Thread:
    """Produce over some time, on a thread."""
    steps = int(seconds * 5)

    def run() -> None:
        for step in range(steps):
            site.produce(rows_of(count // steps, start=step * (count // steps)))
            time.sleep(seconds / steps)

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def test_workers_join_leave_crash_and_freeze(site: Site) -> None:
    count = 20_000
    first, second = site.start("first"), site.start("second")
    feeder = feed(site, count, seconds=25)
    until(lambda: site.out_count() > 500, seconds=20, doing="the first results")
    third = site.start("third")
    until(lambda: third.has_logged("recovery is done"), seconds=20, doing="the third worker to join")
    assert second.stop() < 6
    first.kill()
    first = site.start("first")
    until(lambda: site.out_count() > 6_000, seconds=30, doing="results after a crash")
    third.signal(signal.SIGSTOP)
    # The group must give its partitions away before it wakes up.
    until(first.owns_all, seconds=30, doing="the session to time out")
    third.signal(signal.SIGCONT)
    second = site.start("second")
    feeder.join()
    third.kill()
    first.kill()
    until(second.owns_all, seconds=30, doing="the last worker to own everything")
    until(lambda: site.out_count() >= count, seconds=40, doing="all results")
    second.stop()
    assert_exact(site, count)
    assert site.state("second") == site.changelog()


def test_pausing_and_resuming_a_full_queue_loses_and_repeats_nothing(site: Site) -> None:
    count = 20_000
    (site.data / "sources").write_text(f"{site.name}.more")
    site.create("more")
    site.produce(rows_of(count // 2), suffix="more")
    worker = site.start("first", ENGINE_HIGH_WATER="120", ENGINE_BATCH="50")
    until(lambda: site.out_count() >= count // 2, seconds=40, doing="the results of one topic")
    site.produce(rows_of(count // 2, start=count // 2))
    until(lambda: site.out_count() >= count, seconds=40, doing="the results of the other")
    worker.stop()
    assert_exact(site, count)


def test_two_engines_share_a_worker(site: Site) -> None:
    other = Site(site.kafka, site.data)
    worker = site.start("first", ENGINE_NAME=f"{site.name},{other.name}")
    for one in (site, other):
        one.produce(rows_of(2_000))
        until(lambda one=one: one.out_count() >= 2_000, seconds=30, doing="all results")  # type: ignore[misc]
    assert worker.stop() < 6
    for one in (site, other):
        assert_exact(one, 2_000)
        assert one.state("first") == one.changelog()


def test_an_agent_that_raises_loses_and_repeats_nothing(site: Site) -> None:
    count = 8_000
    site.produce(rows_of(count))
    worker = site.start("first", ENGINE_RAISE_SHARE="0.15")
    until(lambda: site.out_count() >= count, seconds=50, doing="all results")
    worker.stop()
    assert_exact(site, count)
    assert site.state("first") == site.changelog()
