"""Mistakes in the engine. Those whose harm needs a death at the right moment die there, once, by themselves."""

import os
import signal
from pathlib import Path
from typing import Any

from confluent_kafka import Consumer, KafkaError, TopicPartition
from pytest import MonkeyPatch

from streams.engine.checkpoint import Checkpoint
from streams.engine.consumer import GroupConsumer
from streams.engine.producer import Round, RoundProducer
from streams.engine.recovery import Recovery
from tests.integration import engine_scene

#: Rounds that go well before the one at which the process dies.
_ROUNDS = 5


def commit_before_the_outputs(patch: MonkeyPatch) -> None:
    """The offsets are committed first, what the records cause afterwards."""
    commit, death = RoundProducer.commit, _Death()

    def hasty(self: RoundProducer, round_: Round) -> None:
        producer = self._client.producer
        producer.begin_transaction()
        self._send_offsets(round_)
        self._until_answered(lambda: producer.commit_transaction(2.0))
        death.comes(self._settings.data_dir)
        commit(self, round_)

    patch.setattr(RoundProducer, "commit", hasty)


def state_before_the_commit(patch: MonkeyPatch) -> None:
    """RocksDB is written before it is known whether the transaction commits."""
    send_offsets, death = RoundProducer._send_offsets, _Death()

    def hasty(self: RoundProducer, round_: Round) -> None:
        for batch in round_.batches:
            state = batch.home.state
            if state is not None and batch.state.changes:
                state.apply(batch.state.changes, state.checkpoint() or Checkpoint(batch.home.changelog_id, 0))
        death.comes(self._settings.data_dir)
        send_offsets(self, round_)

    patch.setattr(RoundProducer, "_send_offsets", hasty)


def restore_to_the_last_stable_offset(patch: MonkeyPatch) -> None:
    """A state counts as restored where an open transaction begins, whatever that is going to say."""
    apply = Recovery._apply

    def hasty(self: Recovery, messages: Any, open_: Any) -> Any:
        for message in messages:
            error, number = message.error(), message.partition()
            if error is not None and error.code() == KafkaError._PARTITION_EOF and number in open_:
                open_[number].end = min(open_[number].end, message.offset())
        return apply(self, messages, open_)

    patch.setattr(Recovery, "_apply", hasty)


def group_metadata_read_at_commit(patch: MonkeyPatch) -> None:
    """A round is committed in the name of whatever generation the worker is in by then."""
    known: list[Consumer] = []

    def remembering(assigned: Any) -> Any:
        def on_assign(self: Any, consumer: Consumer, places: list[TopicPartition]) -> None:
            known.append(consumer)
            assigned(self, consumer, places)

        return on_assign

    def send_offsets(self: RoundProducer, round_: Round) -> None:
        offsets = [TopicPartition(batch.topic, batch.partition, batch.next_offset) for batch in round_.batches]
        self._client.producer.send_offsets_to_transaction(offsets, known[-1].consumer_group_metadata(), 5.0)

    patch.setattr(GroupConsumer, "_on_assign", remembering(GroupConsumer._on_assign))
    patch.setattr(engine_scene.Member, "_assigned", remembering(engine_scene.Member._assigned))
    patch.setattr(RoundProducer, "_send_offsets", send_offsets)


def two_owners_of_a_partition(patch: MonkeyPatch) -> None:
    """Whatever the group gives a worker, it takes all partitions."""
    on_assign = GroupConsumer._on_assign

    def greedy(self: GroupConsumer, consumer: Consumer, places: list[TopicPartition]) -> None:
        topic = self._settings.anchor
        found = consumer.list_topics(topic, timeout=10).topics[topic].partitions
        on_assign(self, consumer, [TopicPartition(topic, number) for number in found] if places else places)

    patch.setattr(GroupConsumer, "_on_assign", greedy)


class _Death:
    """Comes to a process in its n-th round, and to its successors no more."""

    def __init__(self) -> None:
        self._rounds = 0

    def comes(self, folder: Path) -> None:
        """If it is time."""
        self._rounds += 1
        note = folder / "died"
        if self._rounds > _ROUNDS and not note.exists():
            note.touch()
            os.kill(os.getpid(), signal.SIGKILL)
