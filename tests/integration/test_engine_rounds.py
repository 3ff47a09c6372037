"""A round's transaction against a real broker: what is committed together, what is refused, and who is fenced."""

import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from streams.engine import producer
from streams.engine.checkpoint import Checkpoint
from streams.engine.producer import AbortedError, Refusal, Round
from tests.integration.engine_harness import read, until
from tests.integration.engine_scene import Member, Scene


@pytest.fixture
def scene(kafka: str, tmp_path: Path) -> Iterator[Scene]:
    made = Scene(kafka, tmp_path)
    yield made
    made.close()


def refused(scene: Scene, round_: Round) -> AbortedError:
    with pytest.raises(AbortedError) as caught:
        scene.producer.commit(round_)
    return caught.value


def test_outputs_state_and_offsets_of_all_batches_are_committed_together(scene: Scene) -> None:
    first = scene.batch(offset=4)
    first.send(scene.out, b"k", b"one", headers=[("h", b"1")])
    first.state.put(b"a", b"1")
    first.state.put(b"b", b"2")
    second = scene.batch(offset=9, partition=2)
    second.send(scene.out, b"k", b"two", partition=3)
    second.assignment = first.assignment
    scene.producer.commit(Round([first, second]))
    assert sorted(scene.outputs(), key=str) == [b"one", b"two"]
    assert (scene.committed(1), scene.committed(2)) == (5, 10)
    assert read(scene.kafka, scene.settings.changelog)[1] == [(b"a", b"1"), (b"b", b"2")]
    assert dict(scene.state.items()) == {b"a": b"1", b"b": b"2"}
    assert first.is_committed
    checkpoint = scene.state.checkpoint()
    assert checkpoint is not None
    assert (checkpoint.topic_id, checkpoint.next_offset) == ("id", 2)


def test_a_zombie_of_an_older_generation_commits_nothing(scene: Scene) -> None:
    old = scene.member.metadata
    successor = Member(scene.settings)
    successor.poll(scene.member)
    until(lambda: scene.member.metadata != old or scene.member.poll(successor), seconds=20, doing="a new generation")
    zombie = scene.batch(offset=4, metadata=old)
    zombie.send(scene.out, b"k", b"from the dead")
    zombie.state.put(b"a", b"1")
    assert refused(scene, Round([zombie])).refusal is Refusal.OUTAGE
    assert scene.outputs() == []
    assert scene.committed() < 0
    assert read(scene.kafka, scene.settings.changelog)[1] == []
    assert scene.state.get(b"a") is None
    assert not zombie.is_committed
    alive = scene.batch(offset=4)
    alive.send(scene.out, b"k", b"from the living")
    scene.producer.commit(Round([alive]))
    assert scene.outputs() == [b"from the living"]
    successor.close()


def test_a_batch_whose_partitions_were_taken_away_commits_nothing(scene: Scene) -> None:
    batch = scene.batch(offset=4)
    batch.send(scene.out, b"k", b"late")
    batch.assignment.end()
    assert refused(scene, Round([batch])).refusal is Refusal.OUTAGE
    assert scene.outputs() == []
    assert scene.committed() < 0


class Stuck:
    """A librdkafka producer that does not return from sending offsets before it is let go."""

    def __init__(self, producer: Any) -> None:
        self._producer = producer
        self.let_go = threading.Event()
        self.errors: list[BaseException] = []
        self.returned = threading.Event()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._producer, name)

    def send_offsets_to_transaction(self, *parts: Any) -> None:
        assert self.let_go.wait(60)
        try:
            self._producer.send_offsets_to_transaction(*parts)
        except BaseException as error:
            self.errors.append(error)
            raise
        finally:
            self.returned.set()


def test_a_call_that_does_not_return_is_left_behind_and_counts_for_nothing(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(producer, "_LEFT_BEHIND", 0.2)
    client = scene.producer._client
    stuck = Stuck(client.producer)
    client.producer = stuck  # type: ignore[assignment]
    batch = scene.batch(offset=4)
    batch.send(scene.out, b"k", b"left behind")
    assert refused(scene, Round([batch])).refusal is Refusal.OUTAGE
    monkeypatch.undo()
    again = scene.batch(offset=4)
    again.send(scene.out, b"k", b"sent again")
    scene.producer.commit(Round([again]))
    stuck.let_go.set()
    assert stuck.returned.wait(60)
    assert stuck.errors, "the broker refuses what a client before the present one still wants"
    assert scene.outputs() == [b"sent again"]
    assert scene.committed() == 5


@pytest.mark.parametrize("value", [b"x" * 2_000_000, 12, "\ud800"])
def test_a_value_that_can_never_be_sent_is_its_batch_s_fault(scene: Scene, value: bytes) -> None:
    good, bad = scene.batch(offset=4), scene.batch(offset=4, partition=2)
    bad.assignment = good.assignment
    good.send(scene.out, b"k", b"good")
    bad.send(scene.out, b"k", value)
    aborted = refused(scene, Round([good, bad]))
    assert (aborted.refusal, aborted.guilty) == (Refusal.DATA, bad)
    assert scene.outputs() == []
    scene.producer.commit(Round([good]))
    assert scene.outputs() == [b"good"]


def test_what_the_broker_refuses_is_found_by_a_diagnosis(scene: Scene) -> None:
    admin = AdminClient({"bootstrap.servers": scene.kafka})
    small = NewTopic(f"{scene.out}.small", 1, 1, config={"max.message.bytes": "1000"})
    admin.create_topics([small])[small.topic].result(20)
    batch = scene.batch(offset=4)
    batch.send(small.topic, b"k", os.urandom(10_000))
    batch.state.put(b"a", b"1")
    assert refused(scene, Round([batch])).refusal in (Refusal.UNCLEAR, Refusal.DATA)
    aborted = refused(scene, Round([batch], is_diagnosis=True))
    assert (aborted.refusal, aborted.guilty) == (Refusal.DATA, batch)
    assert scene.state.get(b"a") is None
    assert scene.state.checkpoint() != Checkpoint("id", 1)


def test_a_member_that_does_not_rejoin_holds_the_others_up_for_three_sessions_at_most(
    kafka: str, tmp_path: Path
) -> None:
    """It sends heartbeats, but nobody asks it to rejoin: its thread is stuck. By default that lasts for 5 minutes."""
    scene = Scene(kafka, tmp_path, session_timeout_ms=2_000)
    began = time.monotonic()
    successor = Member(scene.settings)
    successor.poll(seconds=30)
    assert time.monotonic() - began < scene.settings.session_timeout_ms / 1000 * 4
    successor.close()
    scene.close()
