"""The sink `rest` against a service that fails in every way that services do."""

import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any
from uuid import uuid4

import pytest

from connectors.errors import Fenced, SinkUnavailable
from connectors.kit.sink_feed import STREAM, Feed, delete, rename, upsert
from tests.contract.sinks.rest import Target, topic_for_positions
from tests.integration.rest_service import Fault, Service, serving

_LONG = "x" * 41


@pytest.fixture
def service() -> Iterator[Service]:
    with serving(Service()) as made:
        yield made


@pytest.fixture
def target(service: Service, kafka: str) -> Target:
    topic_for_positions(kafka)
    return Target(service, kafka)


@pytest.fixture
def feed(target: Target) -> Iterator[Feed]:
    made = Feed(target.sink())
    yield made
    made.sink.close()


def _paths(service: Service) -> list[str]:
    return [f"{heard.method} {heard.path}" for heard in service.heard]


def _names(service: Service) -> dict[str, str]:
    return {key: row["ho_ten"] for key, row in service.rows.items()}


def test_what_is_sent(service: Service, feed: Feed) -> None:
    feed.write(upsert("k#Đỗ/1", ho_ten="An")._replace(version=7), rename("k#Đỗ/1", "k#2"), delete("k#2"))
    assert _paths(service) == [
        "PUT /api/public.nguoi/k%23%C4%90%E1%BB%97%2F1",
        "POST /api/public.nguoi/k%23%C4%90%E1%BB%97%2F1/rename",
        "DELETE /api/public.nguoi/k%232",
    ]
    assert [heard.key for heard in service.heard] == [f"{STREAM.topic_id}/0/{offset}" for offset in range(3)]
    assert service.heard[0].headers["x-version"] == "7"
    assert service.heard[0].body == {"ma": "k#Đỗ/1", "ho_ten": "An", "ngay_sinh": None, "ghi_chu": None}
    assert [heard.body for heard in service.heard[1:]] == [{"ma": "k#2"}, None]


@pytest.mark.parametrize("status", [302, 308, 401, 403, 404, 405, 408, 415, 418, 425, 429, 500, 502, 503])
def test_trouble_loses_nothing_and_keeps_the_order(service: Service, feed: Feed, status: int) -> None:
    service.faults.extend([None, Fault(status), Fault(status)])
    items = [upsert("k#1", ho_ten="An"), upsert("k#2", ho_ten="Bình"), upsert("k#2", ho_ten="Chi")]
    for _ in range(2):
        with pytest.raises(SinkUnavailable, match=str(status)):
            feed.write(*items)
        assert feed.open() == 0
    feed.write(*items)
    assert _names(service) == {"k#1": "An", "k#2": "Chi"}
    # What was answered is not sent again, what was not has the same key again.
    assert [heard.key.rpartition("/")[2] for heard in service.heard] == ["0", "1", "1", "1", "2"]
    assert feed.rejected == []


@pytest.mark.parametrize("until", [None, threading.Event()], ids=["reset", "no answer in time"])
def test_without_an_answer_it_is_sent_again(service: Service, target: Target, until: threading.Event | None) -> None:
    target.more = {"timeout": 0.2}
    feed = Feed(target.sink())
    service.faults.append(Fault(applied=True, until=until))
    with pytest.raises(SinkUnavailable):
        feed.write(upsert("k#1", ho_ten="An"))
    if until is not None:
        until.set()
    assert _names(service) == {"k#1": "An"}
    assert feed.open() == 0
    feed.write(upsert("k#1", ho_ten="An"))
    assert len({heard.key for heard in service.heard}) == 1
    assert (len(service.heard), service.changes) == (2, 1)


@pytest.mark.parametrize("date", [False, True], ids=["seconds", "date"])
def test_retry_after_is_obeyed(service: Service, feed: Feed, date: bool) -> None:  # noqa: FBT001 - a parameter
    # A date has whole seconds: two of them are between one and two from now.
    wait = format_datetime(datetime.now(UTC) + timedelta(seconds=2), usegmt=True) if date else "1"
    service.faults.append(Fault(429, {"Retry-After": wait}))
    began = time.monotonic()
    with pytest.raises(SinkUnavailable, match="429"):
        feed.write(upsert("k#1", ho_ten="An"))
    while "k#1" not in service.rows:
        assert len(service.heard) == 1
        feed.open()
        try:
            feed.write(upsert("k#1", ho_ten="An"))
        except SinkUnavailable as error:
            assert "left alone" in str(error)
        assert time.monotonic() - began < 10
    assert time.monotonic() - began > 0.9


@pytest.mark.parametrize(
    ("status", "reason"), [(400, "refused"), (409, "conflict"), (410, "gone"), (413, "too_large"), (422, "refused")]
)
def test_a_refusal_is_about_one_record(service: Service, feed: Feed, status: int, reason: str) -> None:
    service.faults.extend([None, Fault(status)])
    feed.write(*(upsert(f"k#{number}", ho_ten="An") for number in range(3)))
    assert [(refused.place, refused.reason) for refused in feed.rejected] == [(1, reason)]
    assert sorted(service.rows) == ["k#0", "k#2"]
    assert feed.open() == 3


def test_what_was_refused_before_trouble_is_refused_again_and_not_sent(service: Service, feed: Feed) -> None:
    service.faults.extend([None, None, Fault(500)])
    items = [upsert("k#0", ho_ten="An"), upsert("k#1", ho_ten=_LONG), upsert("k#2", ho_ten="Chi")]
    with pytest.raises(SinkUnavailable):
        feed.write(*items)
    feed.rejected.clear()
    feed.open()
    feed.write(*items)
    assert [(refused.place, refused.reason, refused.column) for refused in feed.rejected] == [
        (1, "value_too_long", "ho_ten")
    ]
    assert _LONG not in feed.rejected[0].message
    assert [heard.key.rpartition("/")[2] for heard in service.heard] == ["0", "1", "2", "2"]


def test_a_target_that_holds_something_newer_is_content(service: Service, feed: Feed) -> None:
    service.versions["k#1"] = 9
    feed.write(upsert("k#1", ho_ten="cũ"))
    assert (service.rows, feed.rejected, feed.open()) == ({}, [], 1)


def test_a_target_that_knows_no_renames_is_left_nothing_under_the_old_key(service: Service, target: Target) -> None:
    for more in ({"rename": None}, {"rename": "POST /{into}/{key}/elsewhere"}):
        target.more = more
        feed = Feed(target.sink())
        feed.write(upsert("k#1", ho_ten="An"))
        service.faults.append(Fault(404) if more["rename"] else None)
        feed.write(rename("k#1", "k#2"))
        assert service.rows == {}
        assert len({heard.key for heard in service.heard}) == len(service.heard)


class TestBatches:
    """Several deliveries in one request."""

    @pytest.fixture
    def feed(self, target: Target) -> Feed:
        target.more = {"batch": {"send": "POST /{into}/batch", "most": 4}}
        return Feed(target.sink())

    def test_an_item_in_the_middle_is_refused(self, service: Service, feed: Feed) -> None:
        service.faults.append(Fault(items={1: 422}))
        feed.write(*(upsert(f"k#{number}", ho_ten="An") for number in range(6)))
        assert [refused.place for refused in feed.rejected] == [1]
        assert sorted(service.rows) == ["k#0", "k#2", "k#3", "k#4", "k#5"]
        assert [len(heard.body["items"]) for heard in service.heard] == [4, 2]

    def test_trouble_in_the_middle_sends_all_from_there_again(self, service: Service, feed: Feed) -> None:
        service.faults.append(Fault(items={1: 503}))
        items = [upsert("k#0", ho_ten="An"), upsert("k#1", ho_ten="cũ"), upsert("k#1", ho_ten="mới")]
        with pytest.raises(SinkUnavailable, match="503"):
            feed.write(*items)
        feed.open()
        feed.write(*items)
        assert _names(service) == {"k#0": "An", "k#1": "mới"}
        sent = [[item["idempotency_key"][-1] for item in heard.body["items"]] for heard in service.heard]
        assert sent == [["0", "1", "2"], ["1", "2"]]

    def test_a_batch_refused_as_a_whole_is_halved(self, service: Service, feed: Feed) -> None:
        service.faults.extend([Fault(413), None, Fault(413), Fault(413)])
        feed.write(*(upsert(f"k#{number}", ho_ten="An") for number in range(4)))
        assert [(refused.place, refused.reason) for refused in feed.rejected] == [(2, "too_large")]
        assert sorted(service.rows) == ["k#0", "k#1", "k#3"]

    def test_an_answer_that_does_not_tell_of_each_is_no_answer(self, service: Service, feed: Feed) -> None:
        service.faults.append(Fault(200))
        with pytest.raises(SinkUnavailable, match="one result for each"):
            feed.write(upsert("k#1", ho_ten="An"))
        assert feed.open() == 0


def test_redirects_are_followed_where_allowed_and_only_at_home(service: Service, target: Target) -> None:
    target.more = {"redirects": "same_origin"}
    feed = Feed(target.sink())
    service.faults.append(Fault(308, {"Location": "/api/public.nguoi/k%239"}))
    feed.write(upsert("k#1", ho_ten="An"))
    assert _paths(service)[1] == "PUT /api/public.nguoi/k%239"
    assert service.heard[1].body == service.heard[0].body
    with serving(Service()) as other:
        service.faults.append(Fault(308, {"Location": f"{other.url}/x/y"}))
        with pytest.raises(SinkUnavailable, match="308"):
            feed.write(upsert("k#2", ho_ten="An"))
        assert other.heard == []


def test_one_that_was_replaced_sends_nothing_more(
    service: Service, target: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("connectors.sinks.rest._PROVED_SECONDS", 0.0)
    feed, newer = Feed(target.sink()), list[Feed]()
    items = [upsert("k#1", ho_ten="An"), upsert("k#2", ho_ten=_LONG), upsert("k#3", ho_ten="Chi")]
    with pytest.raises(Fenced):
        feed.write(*items, reject=lambda _: newer.append(Feed(target.sink())))
    assert sorted(service.rows) == ["k#1"]
    newer[0].write(*items)
    assert newer[0].position == 3
    assert [heard.key for heard in service.heard][:2] == [heard.key for heard in service.heard][2:4]


def test_a_kafka_that_does_not_answer_is_trouble(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connectors.group_positions._ANSWER_SECONDS", 0.3)
    sink = Target(service, "127.0.0.1:1", group=str(uuid4())).sink()
    with pytest.raises(SinkUnavailable, match="see that Kafka runs"):
        sink.open([STREAM])


@pytest.mark.parametrize(
    ("more", "problem"), [({"headers": {}}, "401"), ({"url": "http://127.0.0.1:1/api"}, "ConnectError")]
)
def test_the_probe_says_what_is_wrong(target: Target, more: dict[str, Any], problem: str) -> None:
    target.more = more
    [finding] = target.sink().probe()
    assert problem in finding.problem
