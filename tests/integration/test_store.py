"""The store against a real Kafka and a real PostgreSQL: each record counts once, whatever dies in between."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from console.reading import Reader
from console.store.database import prepare
from console.store.overtaken import settle
from schemas import topics
from schemas.settings import Settings
from tests.integration.account import feed_all
from tests.integration.console_city import empty, now_microseconds
from tests.integration.delivery_city import until
from tests.integration.quick_kafka import QuickKafka
from tests.integration.shared_servers import SharedPostgres
from tests.integration.store_yard import RAW, TO, StoreYard, delivered, processed
from tests.unit.console.city import dead_letter, outcome


@pytest.fixture(scope="module")
def broker() -> Iterator[str]:
    """A Kafka of these tests' own, for the topics have fixed names."""
    with tempfile.TemporaryDirectory(prefix="lienthong-test-", ignore_cleanup_errors=True) as home:
        server = QuickKafka(Path(home) / "kafka")
        server.configure()
        try:
            server.start()
            server.wait_ready()
            yield server.bootstrap
        finally:
            server.kill()


@pytest.fixture
def yard(broker: str, registry: str, postgres: SharedPostgres, tmp_path: Path) -> StoreYard:
    """Nothing captured yet; the store is there from the first day."""
    empty(broker)
    settings = Settings(kafka=broker, registry=registry, secrets=tmp_path)
    made = StoreYard(settings, postgres.dsn(postgres.create_database()))
    made.feed()
    return made


def test_what_stands_and_what_has_met_an_end_balance(yard: StoreYard) -> None:
    yard.stand(RAW, 10)
    yard.stand(TO, 6)
    yard.say(
        processed(0, 7),
        outcome("superseded", "ho_tich", RAW, first=8, last=8),
        outcome("routed", "dan_cu", RAW, first=0, last=7, count=6),
        outcome("quarantined", "dan_cu", TO, first=2, last=2, reason="too_long", event_id="e"),
        delivered(0, 3, count=3),
    )
    yard.bury(dead_letter("1", topic=TO, offset=2, payload=b"sealed"))
    found = yard.feed()
    assert (found[RAW].due, found[RAW].ended, found[RAW].in_flight, found[RAW].imbalance) == (10, 9, 1, 0)
    assert (found[TO].due, found[TO].ended, found[TO].in_flight, found[TO].imbalance) == (6, 4, 2, 0)
    assert yard.rows('SELECT reason, "offset", payload FROM dead_letters') == [("bad_date", 2, b"sealed")]

    yard.say(processed(9, 9), delivered(5, 5))
    found = yard.feed()
    assert found[RAW].imbalance == 0
    assert (found[TO].imbalance, found[TO].in_flight) == (1, 0), "the delivery at offset 4 was never accounted for"


def test_what_was_passed_over_is_told_from_what_a_later_state_has_replaced(yard: StoreYard) -> None:
    yard.stand(TO, 10)
    yard.feed()
    yard.say(delivered(5, 9))
    [lost] = [account for account in feed_all(yard.settings) if account.imbalance]
    with prepare(yard.dsn) as connection, Reader(yard.settings) as reader:
        assert settle(connection, reader, lost) == 5
        assert yard.feed()[TO].imbalance == 5
        # As if compaction had taken away what stood before offset 3.
        assert settle(connection, reader, lost._replace(settled=3)) == 2
        assert (yard.feed()[TO].superseded, yard.feed()[TO].imbalance) == (3, 2)


def test_what_is_said_twice_counts_once_however_it_is_cut(yard: StoreYard) -> None:
    yard.stand(TO, 30)
    refused = outcome("quarantined", "dan_cu", TO, first=12, last=12, reason="too_long", event_id="e")
    captured = outcome("captured", "ho_tich", "", first=5, last=9, count=30, event_id="ho_tich/t/1/5/0")
    yard.say(captured, delivered(0, 9), refused, delivered(10, 19, count=9))
    assert yard.feed()[TO].ended == 20
    yard.say(captured, refused, delivered(0, 14, count=14), delivered(5, 19, count=14), delivered(20, 29))
    found = yard.feed()[TO]
    assert (found.ended, found.imbalance, found.in_flight) == (30, 0, 0)
    assert yard.rows("SELECT count FROM totals WHERE result = 'captured'") == [(30,)]
    assert yard.rows("SELECT sum(count) FROM ranges WHERE result = 'delivered'") == [(29,)]


def test_a_store_process_that_is_killed_goes_on_where_it_was(yard: StoreYard) -> None:
    for turn in range(4):
        process = yard.process()
        yard.stand(RAW, 50)
        yard.say(*(processed(first, first, time=now_microseconds()) for first in range(turn * 50, turn * 50 + 50)))
        until(lambda turn=turn: yard.rows("SELECT count(*) FROM stretches") > [(turn,)], doing="something to be kept")  # type: ignore[misc]
        process.kill()
        process.wait()
    found = yard.feed()[RAW]
    assert (found.due, found.ended, found.in_flight) == (200, 200, 0)
    assert yard.rows("SELECT sum(count) FROM ranges") == [(200,)]


def test_a_recreated_topic_is_another_one(yard: StoreYard) -> None:
    yard.stand(TO, 20)
    yard.say(delivered(0, 19))
    assert yard.feed()[TO].ended == 20
    yard.delete(TO)
    yard.create(topics.delivery_topic("dan_cu", "person"))
    yard.stand(TO, 5)
    yard.say(delivered(0, 4))
    found = yard.feed()[TO]
    assert (found.due, found.ended, found.imbalance) == (5, 5, 0)
    assert yard.rows("SELECT count FROM totals WHERE result = 'delivered'") == [(25,)]


def test_a_lost_store_is_built_again_and_says_from_where_on(yard: StoreYard, postgres: SharedPostgres) -> None:
    yard.stand(RAW, 10)
    yard.stand(TO, 10)
    yard.say(processed(0, 9), delivered(0, 7))
    yard.feed()
    name = psycopg.conninfo.conninfo_to_dict(yard.dsn)["dbname"]
    with psycopg.connect(postgres.dsn(), autocommit=True) as server:
        server.execute(sql.SQL("DROP DATABASE {}").format(sql.Identifier(str(name))))
    found = yard.feed()
    assert (found[RAW].since, found[RAW].ended, found[RAW].imbalance) == (0, 10, 0)
    # Of a compacted topic it cannot be told any more what stood there once.
    assert (found[TO].since, found[TO].due, found[TO].in_flight, found[TO].imbalance) == (8, 2, 2, 0)
    assert yard.rows("SELECT result, count FROM totals ORDER BY 1") == [("delivered", 8), ("processed", 10)]
    yard.say(delivered(8, 9))
    assert [each for each in feed_all(yard.settings) if each.imbalance or each.in_flight] == []
