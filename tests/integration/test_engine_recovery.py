"""State comes back from the changelog: whole, as far as it is committed, and from where it stood."""

import json
import re
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from confluent_kafka import Producer
from rocksdict import Options, Rdict

from tests.integration.engine_harness import Site, Worker, until
from tests.integration.engine_rows import assert_exact, rows_of


@pytest.fixture
def site(kafka: str, tmp_path: Path) -> Iterator[Site]:
    made = Site(kafka, tmp_path)
    yield made
    made.close()


def restored(worker: Worker) -> int:
    """Changelog records that its last recovery read."""
    return int(re.findall(r'"restored": (\d+)', worker.log.read_text())[-1])


def run(site: Site, *, count: int) -> Worker:
    """A worker until it owns everything and ``count`` results are out."""
    worker = site.start("first")
    until(worker.owns_all, seconds=30, doing="the worker to own everything")
    until(lambda: site.out_count() >= count, seconds=30, doing="all results")
    return worker


def test_state_is_rebuilt_from_an_empty_folder(site: Site) -> None:
    site.produce(rows_of(2_000))
    run(site, count=2_000).stop()
    shutil.rmtree(site.data / "first" / site.name)
    site.produce(rows_of(1_000, start=2_000))
    worker = run(site, count=3_000)
    assert restored(worker) >= 400
    worker.stop()
    assert_exact(site, 3_000)
    assert site.state("first") == site.changelog()


def test_a_checkpoint_saves_reading_the_changelog_again(site: Site) -> None:
    site.produce(rows_of(2_000))
    run(site, count=2_000).kill()
    site.produce(rows_of(1_000, start=2_000))
    worker = run(site, count=3_000)
    assert restored(worker) <= 100
    worker.stop()
    assert_exact(site, 3_000)
    assert site.state("first") == site.changelog()


def test_a_recreated_changelog_is_noticed(site: Site) -> None:
    site.produce(rows_of(2_000))
    run(site, count=2_000).stop()
    site.delete("state")
    site.create("state")
    worker = site.start("first")
    until(worker.owns_all, seconds=30, doing="the worker to own everything")
    assert worker.has_logged("does not belong to the changelog any more")
    worker.stop()
    assert site.state("first") == {} == site.changelog()


def test_a_state_of_a_newer_version_is_built_anew_from_the_changelog(site: Site) -> None:
    site.produce(rows_of(400))
    run(site, count=400).stop()
    for path in (site.data / "first" / site.name).glob("partition-*"):
        stored = Rdict(str(path), options=Options(raw_mode=True))
        stored[b""] = json.dumps(["id", 400, time.time(), 2]).encode()
        stored[b"of a newer version"] = b"not to be understood"
        stored.close()
    worker = site.start("first")
    until(worker.owns_all, seconds=30, doing="the worker to own everything")
    worker.stop()
    assert worker.has_logged("it is built anew")
    assert site.state("first") == site.changelog() != {}


def test_changelog_and_anchor_must_have_equal_partitions(site: Site) -> None:
    site.delete("state")
    site.create("state", partitions=2)
    worker = site.start("first")
    assert worker.process.wait(30) == 70
    assert worker.has_logged("they must be equal")


@pytest.mark.parametrize("ending", ["commit", "abort"])
def test_an_open_transaction_of_a_predecessor_is_waited_for(site: Site, ending: str) -> None:
    """Its outcome is unknown while it is open, so nothing may be built on the state before."""
    site.produce(rows_of(400))
    run(site, count=400).stop()
    predecessor = Producer(
        {"bootstrap.servers": site.kafka, "transactional.id": site.name + "-old", "transaction.timeout.ms": 20_000}
    )
    predecessor.init_transactions(20)
    predecessor.begin_transaction()
    predecessor.produce(f"{site.name}.state", b"1000", b"key-0", 0)
    predecessor.flush(10)
    site.produce(rows_of(4, start=400))
    worker = site.start("first")
    until(lambda: site.out_count() >= 403, seconds=30, doing="the results of the other partitions")
    time.sleep(1)
    assert site.out_count() == 403, "a partition went on although its state was undecided"
    getattr(predecessor, ending + "_transaction")(10)
    until(lambda: site.out_count() >= 404, seconds=20, doing="the partition that waited")
    worker.stop()
    assert site.state("first")[b"key-0"] == (b"1001" if ending == "commit" else b"2")
    assert site.state("first") == site.changelog()
