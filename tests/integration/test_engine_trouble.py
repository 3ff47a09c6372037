"""Records and outputs that cannot be processed, topics that come late: one trouble never stops the rest."""

import json
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.engine_harness import PARTITIONS, Site, until
from tests.integration.engine_rows import assert_exact, rows_of


@pytest.fixture
def site(kafka: str, tmp_path: Path) -> Iterator[Site]:
    made = Site(kafka, tmp_path)
    yield made
    made.close()


def test_poison_goes_to_the_dead_letters_and_the_rest_goes_on(site: Site) -> None:
    rows = list(rows_of(4_000))
    for place in (5, 1_402, 1_403, 3_999):
        rows.insert(place, (place % PARTITIONS, b"bad-%d" % place, b"poison"))
    site.produce(rows)
    worker = site.start("first", ENGINE_BATCH="500")
    until(lambda: site.out_count() >= 4_000, seconds=50, doing="all good results")
    until(lambda: len(site.rows("dead")[0]) >= 4, seconds=20, doing="all dead letters")
    worker.stop()
    assert_exact(site, 4_000)
    bad = sorted(b"bad-%d" % number for number in (5, 1_402, 1_403, 3_999))
    assert sorted(site.rows("dead")[0]) == [(key, b"ValueError:poison") for key in bad]


def test_a_missing_output_topic_holds_up_only_who_needs_it_and_until_it_is_there(site: Site) -> None:
    rows = [*rows_of(400), (1, b"late", b"to-late")]
    site.produce(rows)
    worker = site.start("first")
    until(lambda: worker.has_logged("a round was aborted"), seconds=30, doing="the first failure")
    site.produce(row for row in rows_of(400, start=400) if row[0] != 1)
    until(lambda: site.out_count() >= 600, seconds=30, doing="the other partitions")
    site.create("late")
    until(lambda: any(site.rows("late").values()), seconds=30, doing="the output that waited")
    site.produce(row for row in rows_of(400, start=400) if row[0] == 1)
    until(lambda: site.out_count() >= 800, seconds=30, doing="all results")
    worker.stop()
    assert_exact(site, 800, besides={b"late": b"1"})


def test_sources_come_and_go_while_the_worker_runs(site: Site) -> None:
    site.produce(rows_of(400))
    worker = site.start("first")
    until(lambda: site.out_count() >= 400, seconds=30, doing="the anchor's results")
    site.create("more")
    site.produce(rows_of(400, start=400), suffix="more")
    (site.data / "sources").write_text(f"{site.name}.more {site.name}.missing")
    until(lambda: site.out_count() >= 800, seconds=20, doing="the new topic's results")
    assert worker.has_logged("does not exist and is left out")
    (site.data / "sources").write_text("")
    until(lambda: worker.has_logged('"removed": ["' + site.name), seconds=20, doing="the topic to be dropped")
    site.produce(rows_of(400, start=800), suffix="more")
    site.produce(rows_of(4, start=800))
    until(lambda: site.out_count() >= 804, seconds=20, doing="the anchor's results")
    assert site.out_count() == 804
    (site.data / "sources").write_text(f"{site.name}.more")
    until(lambda: site.out_count() >= 1_204, seconds=20, doing="the topic's results from where it was left")
    worker.stop()
    assert site.state("first") == site.changelog()


def test_a_worker_waits_for_its_topics(site: Site) -> None:
    site.delete("state")
    worker = site.start("first")
    until(lambda: worker.has_logged("waits for its topics"), seconds=20, doing="the worker to say what it needs")
    site.create("state")
    site.produce(rows_of(40))
    until(lambda: site.out_count() >= 40, seconds=20, doing="results")
    assert worker.stop() < 5
    assert_exact(site, 40)


def test_an_idle_worker_leaves_the_group_at_once(site: Site) -> None:
    first = site.start("first")
    until(first.owns_all, seconds=20, doing="the first worker to own everything")
    assert site.members() == 1
    assert first.stop() < 5
    # The session would last 6 s.
    until(lambda: site.members() == 0, seconds=3, doing="the group to be empty")
    assert all(json.loads(line)["level"] != "error" for line in _lines(first.log.read_text()))


def _lines(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.startswith("{")]


def test_a_source_that_is_recreated_while_the_worker_runs_is_read_from_its_start(site: Site) -> None:
    (site.data / "sources").write_text(f"{site.name}.more")
    site.create("more")
    site.produce(rows_of(800), suffix="more")
    worker = site.start("first")
    until(lambda: site.out_count() >= 800, seconds=30, doing="the first results")
    site.delete("more")
    site.create("more")
    site.produce(rows_of(400, start=800), suffix="more")
    until(lambda: site.out_count() >= 1_200, seconds=40, doing="the results of the new topic")
    worker.stop()
    assert_exact(site, 1_200)


def test_records_that_retention_removed_are_reported_and_the_rest_goes_on(site: Site) -> None:
    site.produce(rows_of(400))
    worker = site.start("first")
    until(lambda: site.out_count() >= 400, seconds=30, doing="the first results")
    worker.signal(signal.SIGSTOP)
    site.produce(rows_of(400, start=400))
    site.remove_records("in", before=200)
    worker.signal(signal.SIGCONT)
    # Records that were on their way to the worker may still be processed; the others are reported.
    site.produce(rows_of(400, start=800))
    expected = {b"%d" % number for number in range(800, 1_200)}
    until(lambda: expected <= site.out_values(), seconds=30, doing="the results after the gap")
    worker.stop()
    assert site.out_count() == len(site.out_values())
    assert worker.has_logged("retention removed records") or site.out_count() == 1_200
