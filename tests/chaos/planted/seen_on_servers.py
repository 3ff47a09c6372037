"""Checks of the engine and of a sink, on a real Kafka and a real PostgreSQL. Each returns what is wrong, or None."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

import psycopg
from confluent_kafka import Producer

from connectors.errors import Fenced, SinkUnavailable
from connectors.kit.sink_feed import Feed, upsert
from connectors.kit.sink_suite import TOO_LONG
from streams.engine.producer import AbortedError, Round
from tests.chaos.engine_verdict import judge
from tests.contract.sinks.postgres import Target, target_on
from tests.integration.engine_harness import PARTITIONS, Site, Worker, until
from tests.integration.engine_rows import rows_of
from tests.integration.engine_scene import Member, Scene
from tests.integration.shared_servers import SharedPostgres


class Servers(NamedTuple):
    """`kafka`: bootstrap servers. `folder`: an empty one, for what workers keep."""

    kafka: str
    postgres: SharedPostgres
    folder: Path


def a_worker_that_dies(servers: Servers, bug: str | None) -> str | None:
    """A worker counts, and is started again when it has died; every record is counted once."""
    with _site(servers, bug) as site:
        worker = site.start("first", ENGINE_BATCH="20")
        until(worker.owns_all, seconds=60, doing="the worker to own everything")
        for start in range(0, 1_200, 200):
            site.produce(rows_of(200, start=start))
            time.sleep(0.3)
        if bug is not None:
            until(lambda: worker.process.poll() is not None, seconds=30, doing="the worker's death")
        else:
            worker.kill()
        worker = site.start("first")
        until(worker.owns_all, seconds=60, doing="the worker to own everything again")
        _until_quiet(site)
        worker.stop()
        return _verdict(site)


def two_workers(servers: Servers, bug: str | None) -> str | None:
    """Two workers share the partitions; every record is counted once."""
    with _site(servers, bug) as site:
        workers = [site.start(name) for name in ("first", "second")]
        until(lambda: all(map(_has_work, workers)), seconds=60, doing="both workers to have partitions")
        site.produce(rows_of(800))
        until(lambda: site.out_count() >= 800, seconds=60, doing="all results")
        _until_quiet(site)
        return _verdict(site)


def an_undecided_state(servers: Servers, bug: str | None) -> str | None:
    """A predecessor's transaction is open; nothing is built on the state before it."""
    with _site(servers, bug) as site:
        predecessor = Producer(
            {"bootstrap.servers": site.kafka, "transactional.id": site.name + "-old", "transaction.timeout.ms": 20_000}
        )
        predecessor.init_transactions(20)
        predecessor.begin_transaction()
        predecessor.produce(f"{site.name}.state", b"1000", b"key-0", 0)
        predecessor.flush(10)
        site.produce(rows_of(4))
        site.start("first")
        until(lambda: site.out_count() >= PARTITIONS - 1, seconds=60, doing="the other partitions")
        time.sleep(2)
        gone_on = site.out_count() >= PARTITIONS
        predecessor.commit_transaction(10)
        return "a partition went on although its state was undecided" if gone_on else None


def a_zombie(servers: Servers, _bug: str | None) -> str | None:
    """A round of a generation that is over is committed by nobody."""
    scene = Scene(servers.kafka, servers.folder)
    try:
        old = scene.member.metadata
        successor = Member(scene.settings)
        successor.poll(scene.member)
        until(lambda: scene.member.metadata != old or scene.member.poll(successor), seconds=20, doing="a generation")
        zombie = scene.batch(offset=4, metadata=old)
        zombie.send(scene.out, b"k", b"from the dead")
        with suppress(AbortedError):
            scene.producer.commit(Round([zombie]))
        successor.close()
        return f"the dead have spoken: {scene.outputs()}" if scene.outputs() else None
    finally:
        scene.close()


def two_sinks(servers: Servers, _bug: str | None) -> str | None:
    """A sink writes after another has taken over."""

    def run(target: Target) -> str | None:
        feed = Feed(target.sink())
        feed.write(upsert("k#1", ho_ten="An"))
        newer = Feed(target.sink())
        newer.write(upsert("k#1", ho_ten="mới"))
        with suppress(Fenced):
            feed.write(upsert("k#1", ho_ten="cũ"))
        shown = target.rows()["k#1"]["ho_ten"]
        return None if shown == "mới" else f"k#1 shows {shown}, which was overtaken"

    return _on_target(servers, run)


def a_sink_that_is_cut_off(servers: Servers, _bug: str | None) -> str | None:
    """A sink is cut off in the middle of a write, and goes on where the target says."""

    def run(target: Target) -> str | None:
        feed = Feed(target.sink())
        items = [upsert("k#1", ho_ten="An"), upsert("k#2", ho_ten=TOO_LONG), upsert("k#3", ho_ten="Chi")]
        with suppress(SinkUnavailable):
            feed.write(*items, reject=lambda _: target.sever())
        feed.write(*items[feed.open() :])
        held = sorted(target.rows())
        return None if held == ["k#1", "k#3"] else f"the target holds {held}, and must hold k#1 and k#3"

    return _on_target(servers, run)


def _on_target(servers: Servers, run: Callable[[Target], str | None]) -> str | None:
    dsn = servers.postgres.dsn(servers.postgres.create_database())
    with psycopg.connect(dsn, autocommit=True) as connection:
        return run(target_on(dsn, connection))


@contextmanager
def _site(servers: Servers, bug: str | None) -> Iterator[Site]:
    site = Site(servers.kafka, servers.folder)
    if bug is not None:
        site.module, site.environment = "tests.chaos.planted.counting", {"ENGINE_BUG": bug}
    try:
        yield site
    finally:
        site.close()


def _has_work(worker: Worker) -> bool:
    return bool(worker.owned())


def _until_quiet(site: Site) -> None:
    """Until the workers have written nothing for two seconds."""
    last, since = -1, time.monotonic()
    while time.monotonic() - since < 2:
        now = site.out_count()
        if now != last:
            last, since = now, time.monotonic()
        time.sleep(0.2)


def _verdict(site: Site) -> str | None:
    verdict = judge(site.rows("in").values(), site.rows("out").values(), changelog=site.changelog())
    return None if verdict.is_clean else " ".join(str(verdict).split())[:300]
