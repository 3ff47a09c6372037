"""What stock Faust was seen to lose records by. Each is played with its workers or with ours, and then judged.

``play`` does to the workers of a site what the text says and returns when nothing more is to be expected.
"""

import signal
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from confluent_kafka import Producer

from tests.chaos.engine_verdict import Verdict, judge
from tests.integration.engine_harness import Site, until
from tests.integration.engine_load import Load
from tests.integration.engine_rows import rows_of

#: Nothing came out for so long: nothing more will.
_QUIET_SECONDS = 40.0
_LOAD_SECONDS = 1.0


@dataclass(frozen=True)
class Scenario:
    """``stock``: the environment of a stock worker; ``ours``: of ours, where it is told to misbehave."""

    text: str
    play: Callable[[Site, Mapping[str, str]], None]
    stock: dict[str, str] = field(default_factory=dict)
    ours: dict[str, str] = field(default_factory=dict)


def rebalances(site: Site, environment: Mapping[str, str]) -> None:
    """Three graceful joins and leaves of a second worker."""
    site.start("first", **environment)
    with Load(site, ["in"]) as load:
        _await_results(site, 100)
        for _ in range(3):
            second = site.start("second", **environment)
            until(lambda: site.members() == 2, seconds=60, doing="the second worker to join")
            time.sleep(_LOAD_SECONDS)
            second.signal(signal.SIGTERM)
            second.process.wait(60)
            time.sleep(_LOAD_SECONDS)
    _await_results(site, load.fed)


def kills(site: Site, environment: Mapping[str, str]) -> None:
    """One worker, -9 four times under load, started again at once."""
    with Load(site, ["in"]) as load:
        for life in range(5):
            worker = site.start("first", **environment)
            before = site.out_count()
            _await_results(site, before + 200)
            if life < 4:
                time.sleep(1)
                worker.kill()
    _await_results(site, load.fed)


def one_life(site: Site, environment: Mapping[str, str]) -> None:
    """One worker, 2,000 records, nothing happens to it from outside."""
    site.produce(rows_of(2_000))
    site.start("first", **environment)
    _await_results(site, 2_000)


def poison(site: Site, environment: Mapping[str, str]) -> None:
    """Four of 404 records cannot be read."""
    bad = [(number, b"bad-%d" % number, b"poison") for number in range(4)]
    site.produce([*rows_of(200), *bad, *rows_of(200, start=200)])
    site.start("first", **environment)
    _await_results(site, 404)


def rejection(site: Site, environment: Mapping[str, str]) -> None:
    """The broker refuses one output of 20, which is too large for it."""
    site.produce([*((0, b"k", b"%d" % number) for number in range(10)), (0, b"k", b"large")])
    site.produce((0, b"k", b"%d" % number) for number in range(10, 19))
    site.start("first", **environment)
    _await_results(site, 20)


def transactional_source(site: Site, environment: Mapping[str, str]) -> None:
    """The source is written in transactions of one record each, every third of which is aborted."""
    producer = Producer({"bootstrap.servers": site.kafka, "transactional.id": site.name, "linger.ms": 0})
    producer.init_transactions(20)
    for partition, key, value in rows_of(300):
        producer.begin_transaction()
        producer.produce(f"{site.name}.in", value, key, partition)
        if int(value) % 3:
            producer.commit_transaction(20)
        else:
            producer.flush(10)
            producer.abort_transaction(20)
    worker = site.start("first", **environment)
    _await_results(site, 200)
    worker.kill()
    site.start("first", **environment)
    site.produce([(0, b"key-0", b"after")])
    _await_results(site, 201)


def missing_topic(site: Site, environment: Mapping[str, str]) -> None:
    """One record of 801 goes to a topic that does not exist, until it is made 4 s after the first results."""
    site.produce([*rows_of(400), (1, b"late", b"to-late")])
    site.start("first", **environment)
    _await_results(site, 100)
    site.produce(rows_of(400, start=400))
    time.sleep(_LOAD_SECONDS * 2)
    site.create("late")
    _await_results(site, 800)


def two_on_a_host(site: Site, environment: Mapping[str, str]) -> None:
    """Two workers of one group are started as the manual says, without --without-web."""
    site.options = ()
    workers = [site.start(name, **environment) for name in ("first", "second")]
    site.produce(rows_of(400))
    _await_results(site, 400)
    assert [worker.process.poll() for worker in workers] == [None, None], "a worker has ended by itself"


def verdict(site: Site, *, changelog: Mapping[bytes, bytes] | None = None) -> Verdict:
    """What became of the records; whether the state is right too, where there is a changelog to tell."""
    return judge(site.rows("in").values(), _outputs(site), dead=site.rows("dead")[0], changelog=changelog)


def _outputs(site: Site) -> Iterator[list[tuple[bytes | None, bytes | None]]]:
    yield from site.rows("out").values()
    if site.exists("late"):
        yield from site.rows("late").values()


def _await_results(site: Site, count: int) -> None:
    """Until so many records came out or were put aside, or nothing more comes."""
    seen, since = -1, time.monotonic()
    while seen < count and time.monotonic() - since < _QUIET_SECONDS:
        found = sum(map(site.count, ("out", "dead", *(["late"] if site.exists("late") else []))))
        if found > seen:
            seen, since = found, time.monotonic()
        time.sleep(0.5)


_MARKED = "each value is passed on once by a table; -9 four times: "
SCENARIOS: dict[str, Scenario] = {
    "rebalance": Scenario("a table; three graceful joins and leaves of a second worker", rebalances),
    "concurrency": Scenario("`concurrency=2`; -9 four times", kills, stock={"STOCK_BODY": "two at once"}),
    "exception": Scenario(
        "an exception leaves the agent, for 1 % of the records",
        one_life,
        stock={"STOCK_BODY": "without a table", "ENGINE_RAISE_SHARE": "0.01"},
        ours={"ENGINE_RAISE_SHARE": "0.15"},
    ),
    "take": Scenario(
        "`take(10)`; the body raises for 5 % of the batches",
        one_life,
        stock={"STOCK_BODY": "take", "ENGINE_RAISE_SHARE": "0.05"},
        ours={"ENGINE_RAISE_SHARE": "0.15"},
    ),
    "poison": Scenario("the codec raises on 4 of 404 records", poison, stock={"STOCK_BODY": "without a table"}),
    "rejection": Scenario(
        "`await topic.send()`; the broker refuses 1 output of 20", rejection, stock={"STOCK_BODY": "without a table"}
    ),
    "mark, then send": Scenario(_MARKED + "mark, then send", kills, stock={"STOCK_BODY": "mark, then send"}),
    "send, then mark": Scenario(
        _MARKED + "await the delivery, then mark, then ack", kills, stock={"STOCK_BODY": "send, then mark"}
    ),
    "exactly once": Scenario(
        '`processing_guarantee="exactly_once"`, a table; -9 four times',
        kills,
        stock={"STOCK_GUARANTEE": "exactly_once"},
    ),
    "transactional source": Scenario(
        "the source is written in transactions, some aborted; -9 once",
        transactional_source,
        stock={"STOCK_BODY": "without a table"},
    ),
    "missing topic": Scenario("an output topic is made only seconds later", missing_topic),
    "two on a host": Scenario("two workers on one host, with the web server on", two_on_a_host),
}
