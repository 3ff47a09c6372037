"""What was lost on the way and arrives later: an end, offsets, markers. It must count for nothing, or be waited for."""

import asyncio
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import IsolationLevel, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._listoffsets import OffsetSpec

from streams.engine import producer
from streams.engine.cluster import Cluster
from streams.engine.producer import Round
from tests.chaos.kafka_proxy import Cut
from tests.chaos.kafka_wire import OFFSETS_TOPIC, Api, Request, ask, markers_of, only, with_markers
from tests.chaos.proxied_kafka import ProxiedKafka
from tests.integration.engine_harness import until
from tests.integration.engine_scene import Scene


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ProxiedKafka]:
    server = ProxiedKafka(tmp_path_factory.mktemp("late") / "kafka")
    server.configure()
    server.start()
    server.wait_ready()
    yield server
    server.kill()
    server.proxy.close()


@pytest.fixture
def scene(broker: ProxiedKafka, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    def stop(reason: str, **facts: Any) -> None:
        raise AssertionError(f"{reason} {facts}")

    monkeypatch.setattr(producer, "fail_stop", stop)
    made = Scene(broker.bootstrap, tmp_path / "state")
    made.fill(10)
    yield made
    made.close()


class Lost:
    """Loses the first request of a kind with its connection, and keeps it."""

    def __init__(self) -> None:
        self.frame = b""

    async def __call__(self, request: Request) -> None:
        if not self.frame:
            self.frame = request.frame
            raise Cut


class Late:
    """Lets a lost request arrive before the first of another kind, and keeps what the broker answered."""

    def __init__(self, broker: ProxiedKafka, lost: Lost) -> None:
        self._port, self._lost = broker.port, lost
        self.answer = b""

    async def __call__(self, _request: Request) -> None:
        if not self.answer:
            self.answer = await asyncio.to_thread(ask, self._port, self._lost.frame)


def commit(scene: Scene, *, offset: int) -> None:
    batch = scene.batch(offset=offset)
    batch.send(scene.out, b"k", b"%d" % offset)
    batch.state.put(b"a", b"%d" % offset)
    scene.producer.commit(Round([batch]))


def test_an_end_that_arrives_late_ends_no_later_transaction(scene: Scene, broker: ProxiedKafka) -> None:
    """The client has long sent it again and begun the next transaction; half of that must not be committed."""
    lost = Lost()
    with broker.proxy.trouble(Api.END_TXN, lost):
        commit(scene, offset=4)
    late = Late(broker, lost)
    with broker.proxy.trouble(Api.TXN_OFFSET_COMMIT, late):
        commit(scene, offset=5)
    assert late.answer
    assert scene.outputs() == [b"4", b"5"]
    assert scene.committed() == 6


def test_offsets_that_arrive_late_do_not_set_the_group_back(scene: Scene, broker: ProxiedKafka) -> None:
    lost = Lost()
    with broker.proxy.trouble(Api.TXN_OFFSET_COMMIT, lost):
        commit(scene, offset=4)
    late = Late(broker, lost)
    with broker.proxy.trouble(Api.END_TXN, late):
        commit(scene, offset=5)
    assert late.answer
    assert scene.committed() == 6


class SplitMarkers:
    """Writes the markers of the offsets at once, and those of the data when it is told to."""

    def __init__(self, broker: ProxiedKafka) -> None:
        self._port = broker.port
        self.offsets_written = threading.Event()
        self.go_on = threading.Event()

    async def __call__(self, request: Request) -> None:
        early = only(markers_of(request), OFFSETS_TOPIC.__eq__)
        if early and not self.offsets_written.is_set():
            await asyncio.to_thread(ask, self._port, with_markers(request, early))
            self.offsets_written.set()
            await asyncio.to_thread(self.go_on.wait, 30)


def test_the_marker_of_the_data_is_waited_for_when_that_of_the_offsets_landed_before(
    scene: Scene, broker: ProxiedKafka, tmp_path: Path
) -> None:
    split = SplitMarkers(broker)
    with broker.proxy.trouble(Api.WRITE_TXN_MARKERS, split):
        commit(scene, offset=4)
        assert split.offsets_written.wait(10)
        recovery, ready = scene.recover(tmp_path / "successor")
        time.sleep(1)
        assert not ready, "the offset counts already, the state that belongs to it not yet"
        split.go_on.set()
        recovery.join()
    (recovered,) = ready
    assert recovered.offsets == {scene.settings.anchor: 5}
    assert recovered.state.get(b"a") == b"4"
    recovered.state.close()


def test_whoever_reads_to_the_last_stable_offset_misses_it(
    scene: Scene, broker: ProxiedKafka, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same with the mistake built in: the test above can fail."""
    stable = AdminClient({"bootstrap.servers": broker.bootstrap})

    def ends(self: Cluster, places: Any) -> Any:
        asked = stable.list_offsets(
            {TopicPartition(*place): OffsetSpec.latest() for place in places},  # type: ignore[no-untyped-call]
            isolation_level=IsolationLevel.READ_COMMITTED,
        )
        return {(place.topic, place.partition): future.result(5).offset for place, future in asked.items()}

    monkeypatch.setattr(Cluster, "end_offsets", ends)
    split = SplitMarkers(broker)
    with broker.proxy.trouble(Api.WRITE_TXN_MARKERS, split):
        commit(scene, offset=4)
        assert split.offsets_written.wait(10)
        recovery, ready = scene.recover(tmp_path / "successor")
        until(lambda: ready, seconds=10, doing="the careless recovery")
        recovery.join()
        split.go_on.set()
    (recovered,) = ready
    assert recovered.offsets == {scene.settings.anchor: 5}
    assert recovered.state.get(b"a") is None
    recovered.state.close()
