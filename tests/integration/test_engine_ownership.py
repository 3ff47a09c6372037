"""Whoever owns partition n of the anchor owns partition n of everything, also while topics come and workers roll."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.chaos.engine_verdict import judge
from tests.integration.engine_harness import Site, Worker, until
from tests.integration.engine_load import Load

_WORKERS = ("w1", "w2", "w3")


@pytest.fixture
def site(kafka: str, tmp_path: Path) -> Iterator[Site]:
    made = Site(kafka, tmp_path, partitions=12)
    yield made
    made.close()


def test_every_state_partition_has_one_owner(site: Site) -> None:
    """A system is added, then one worker after the other is replaced, as in a rolling update."""
    workers = {name: site.start(name) for name in _WORKERS}
    until(lambda: all_are_owned(site, workers), seconds=60, doing="every partition to have an owner")
    with Load(site, ["in"], keys=1_200) as load:
        site.create("more")
        load.suffixes.append("more")
        (site.data / "sources").write_text(f"{site.name}.more ")
        for name in _WORKERS:
            workers[name].stop(seconds=30)
            workers[name] = site.start(name)
            until(workers[name].owned, seconds=60, doing=f"{name} to be back")
            _await_work(site)
    until(lambda: site.out_count() >= load.fed, seconds=60, doing="all results")
    for worker in workers.values():
        worker.stop(seconds=30)
    for suffix in ("out", "state"):
        site.await_decided(suffix)
    inputs = [rows for source in load.suffixes for rows in site.rows(source).values()]
    verdict = judge(inputs, site.rows("out").values(), changelog=site.changelog())
    assert verdict.is_clean, str(verdict)


def _await_work(site: Site) -> None:
    """Until they have done something, as they are now: two owners of one state must have the time to spoil it."""
    before = site.out_count()
    until(lambda: site.out_count() >= before + 200, seconds=60, doing="results")


def all_are_owned(site: Site, workers: dict[str, Worker]) -> bool:
    """Each partition by exactly one, and everybody owns some: who is still starting cannot be stopped in good order."""
    owned = [worker.owned() for worker in workers.values()]
    return all(owned) and sorted(number for numbers in owned for number in numbers) == list(range(site.partitions))
