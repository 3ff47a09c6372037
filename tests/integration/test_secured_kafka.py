"""A broker with passwords, certificates and ACLs: each process works with what `lienthong permissions` prints for it.

One city for all tests of this file: a source, a sink, a worker and the store that come with passwords and one sink with
a certificate, each system with a principal and a database role of its own.
"""

import json
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from confluent_kafka import Consumer, KafkaError, TopicCollection, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._acl import AclOperation

from connectors.permissions import Acl
from console.errors import Unanswered
from console.store.database import prepare
from console.store.feed import Feed
from console.store.topic_places import TOLD
from schemas import topics
from schemas.kafka import READERS, client_settings, consumer_settings, reader_group
from schemas.settings import Settings
from tests.chaos.processes import wait_until
from tests.integration.secured_city import SecuredCity
from tests.integration.secured_kafka import Authority, SecuredKafka
from tests.integration.shared_servers import SharedPostgres


@pytest.fixture(scope="module")
def city(postgres: SharedPostgres, registry: str) -> Iterator[SecuredCity]:
    """Running."""
    with (
        tempfile.TemporaryDirectory(prefix="lienthong-test-", ignore_cleanup_errors=True) as name,
        ExitStack() as stack,
    ):
        home = Path(name)
        authority = Authority(home / "ca")
        kafka = SecuredKafka(home / "kafka", authority)
        kafka.configure()
        stack.callback(kafka.kill)
        kafka.start()
        kafka.wait_ready()
        made = SecuredCity(kafka, postgres, registry, home, authority=authority)
        made.prepare()
        stack.callback(made.drop_slot)
        stack.callback(made.stop)
        for process in ("store", "source/nguon", "sink/nguon", "sink/dich", "w1"):
            made.start(process)
        yield made


@pytest.mark.timeout(300)  # the city begins in it
def test_with_the_printed_rights_everything_is_captured_merged_and_delivered(city: SecuredCity) -> None:
    city.run("nguon", "insert into cong_dan(so, ten) values ('001099012345', 'An'), ('001099012346', 'Bình')")
    wait_until(lambda: _names(city) == ["An", "Bình"], seconds=90, what="inserts arrive", detail=lambda: _logs(city))
    city.run("nguon", "update cong_dan set ten = 'An Nhiên' where ten = 'An'; delete from cong_dan where ten = 'Bình'")
    wait_until(lambda: _names(city) == ["An Nhiên"], seconds=30, what="changes arrive", detail=lambda: _logs(city))
    ready = city.console("wait-ready", "--timeout", "30")
    assert ready.returncode == 0, ready.stdout + ready.stderr + _logs(city)
    assert "horization failed" not in _logs(city)


@pytest.mark.timeout(120)
def test_the_store_keeps_the_account_of_it_and_may_do_nothing_else(
    city: SecuredCity, monkeypatch: pytest.MonkeyPatch
) -> None:
    city.run("nguon", "insert into cong_dan(so, ten) values ('001099012347', 'Cường')")
    wait_until(lambda: "Cường" in _names(city), seconds=60, what="the insert arrives", detail=lambda: _logs(city))
    wait_until(lambda: _at_rest(city), seconds=60, what="the account is kept", detail=lambda: _logs(city))

    for topic in (topics.raw("nguon", "person"), topics.to("dich", "person"), topics.OUTCOMES):
        assert _reads(city, monkeypatch, "store", topic), topic
    for topic in (topics.state("person"), topics.CATALOGUE, topics.CONNECTORS):
        assert not _reads(city, monkeypatch, "store", topic), topic

    counted = {name for name in city.kafka.admin().list_topics(timeout=20).topics if topics.place(name).kind}
    only_looking = {AclOperation.READ, AclOperation.DESCRIBE}
    assert _allowed(city, monkeypatch, "store") == dict.fromkeys(counted | {*TOLD}, only_looking)
    assert AclOperation.WRITE in _allowed(city, monkeypatch, "workers")[topics.OUTCOMES]


def test_a_store_that_may_not_read_what_it_is_to_count_says_so(
    city: SecuredCity, postgres: SharedPostgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    city.become("nguon", monkeypatch)  # it writes its raw topic, so it knows of it, and may not read it
    with prepare(postgres.dsn(postgres.create_database())) as connection:
        feed = Feed(Settings(), connection)
        try:
            with pytest.raises(Unanswered, match=r"raw\.nguon\.person.*lienthong permissions"):
                for _ in range(150):
                    feed.step(0.2)
        finally:
            feed.close()


def test_nobody_reads_the_records_of_another_system(city: SecuredCity, monkeypatch: pytest.MonkeyPatch) -> None:
    assert _reads(city, monkeypatch, "dich", topics.to("dich", "person"))
    for who, topic in (
        ("dich", topics.raw("nguon", "person")),
        ("dich", topics.to("nguon", "person")),
        ("dich", topics.state("person")),
        ("nguon", topics.to("dich", "person")),
        ("nguon", topics.raw("nguon", "person")),
        ("stranger", topics.CATALOGUE),
    ):
        assert not _reads(city, monkeypatch, who, topic), (who, topic)


@pytest.mark.timeout(120)
def test_who_may_not_is_told_what_to_do(city: SecuredCity) -> None:
    told = city.told("source/nguon", "stranger")
    assert told.returncode == 1
    assert "lienthong permissions" in told.stdout + told.stderr

    known = [Acl("topic", name, ("Read",)) for name in (topics.CATALOGUE, topics.CONNECTORS)]
    city.allow("stranger", [*known, Acl("group", READERS, ("Describe",), prefixed=True)])
    told = city.told("source/nguon", "stranger")
    assert told.returncode == 1
    assert "lienthong permissions" in told.stdout + told.stderr


def _names(city: SecuredCity) -> list[object]:
    return [name for (name,) in city.run("dich", "select ten from nhan_khau order by ten")]


def _logs(city: SecuredCity) -> str:
    return "\n".join(path.read_text(encoding="utf-8")[-3000:] for path in sorted(city.home.glob("*.log")))


def _at_rest(city: SecuredCity) -> bool:
    """Whether `lienthong ledger` knows of all three insertions and of an end for every record."""
    told = city.console("ledger", "--json")
    if told.returncode:
        return False
    account = json.loads(told.stdout)
    [published] = account["publishers"]
    lines = [published, *account["subscribers"]]
    return published["counts"]["standing"] >= 3 and not any(line["in_flight"] for line in lines)


def _allowed(city: SecuredCity, monkeypatch: pytest.MonkeyPatch, who: str) -> dict[str, set[AclOperation]]:
    """What the broker lets this principal do with each topic that it lets it know of."""
    admin = AdminClient(client_settings(city.become(who, monkeypatch)))
    known = TopicCollection([*admin.list_topics(timeout=20).topics])
    asked = admin.describe_topics(known, include_authorized_operations=True, request_timeout=20)
    return {name: {*(answer.result(20).authorized_operations or ())} for name, answer in asked.items()}


def _reads(city: SecuredCity, monkeypatch: pytest.MonkeyPatch, who: str, topic: str) -> bool:
    """Whether this principal is given a record of the topic. Fails on any other answer than a refusal."""
    bootstrap = city.become(who, monkeypatch)
    consumer = Consumer(consumer_settings(bootstrap, reader_group("test"), **{"enable.partition.eof": True}))
    try:
        told = consumer.list_topics(topic, timeout=20).topics[topic].error
        if told is not None:
            assert told.code() == KafkaError.TOPIC_AUTHORIZATION_FAILED, told
            return False
        # Who may write into it knows that it is there: only reading shows whether that is allowed.
        consumer.assign([TopicPartition(topic, 0, 0)])
        while True:
            message = consumer.poll(20)
            assert message is not None, f"{who} was not answered about {topic}"
            error = message.error()
            if error is None:
                return True
            assert error.code() != KafkaError._PARTITION_EOF, f"{topic} has nothing to read"
            if error.code() == KafkaError.TOPIC_AUTHORIZATION_FAILED:
                return False
    finally:
        consumer.close()
