"""Every record counts exactly once and in order, whatever happens to the workers."""

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
