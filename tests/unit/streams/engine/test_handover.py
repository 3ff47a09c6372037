"""Batches are given to agents one of a partition at a time, and none is lost whatever the agents do."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from rocksdict import Cache

from streams.engine.assignment import Assignment
from streams.engine.batch import Batch, Stage
from streams.engine.errors import BatchClosedError
from streams.engine.handover import Handover
from streams.engine.partitions import Partition, SourceQueue
from streams.engine.records import Record
from streams.engine.settings import EngineSettings
from streams.engine.state import PartitionState
from streams.engine.watchdog import Watchdog


class Channel:
    """In the place of Faust's channel: what agents would get."""

    subscriber_count = 1

    def __init__(self) -> None:
        self.batches: asyncio.Queue[Batch] = asyncio.Queue()

    async def send(self, *, value: Batch) -> None:
        await self.batches.put(value)

    async def get(self) -> Batch:
        return await asyncio.wait_for(self.batches.get(), 5)


class Rounds:
    """In the place of the transactions: every batch that joins is committed when the test says so."""

    def __init__(self, on_committed: Callable[[Batch], None]) -> None:
        self.joined: list[tuple[Batch, asyncio.Future[None]]] = []
        self._on_committed = on_committed

    def join(self, batch: Batch) -> "asyncio.Future[None]":
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.joined.append((batch, done))
        return done

    def drop_stale(self) -> None:
        for batch, done in self.joined:
            batch.close()
            done.set_result(None)

    def commit(self) -> list[Batch]:
        committed, self.joined = self.joined, []
        for batch, done in committed:
            batch.close()
            done.set_result(None)
            self._on_committed(batch)
        return [batch for batch, _ in committed]


class Scene:
    """A handover with two partitions of ten records each."""

    def __init__(self, folder: Path, *, watchdog: Watchdog | None = None) -> None:
        settings = EngineSettings(
            bootstrap="none",
            group="g",
            worker="w",
            data_dir=folder,
            anchor="a",
            changelog="c",
            batch_size=4,
            backoff_seconds=0.01,
            handover_seconds=0.2,
            infrastructure_errors=(ConnectionError,),
        )
        self.channel = Channel()
        self.handover = Handover(settings, self.channel, watchdog or Watchdog(60))
        self.rounds = Rounds(self.handover._committed)
        self.handover.rounds = self.rounds  # type: ignore[assignment]
        self.partitions = {number: self._partition(number, folder) for number in (0, 1)}
        self.assignment = Assignment(1, b"", self.partitions)
        self.handover.take(self.assignment)
        self.running = asyncio.ensure_future(self.handover.run())

    def _partition(self, number: int, folder: Path) -> Partition:
        partition = Partition(number, state=PartitionState(folder / str(number), cache=Cache(1_000_000)))
        queue = SourceQueue()
        queue.append(Record("t", number, offset, b"k", b"v") for offset in range(10))
        partition.queues = {"t": queue}
        return partition

    async def process(self, *, wrong: set[int], seconds: float = 5) -> list[int]:
        """Act as an agent until partition 0 is done; records in ``wrong`` raise. Returns the offsets done, in order.

        Raises TimeoutError when it is not done in time.
        """
        done: list[int] = []

        async def agent() -> None:
            while True:
                async with await self.channel.batches.get() as batch:
                    if batch.partition == 0:
                        if found := wrong & set(offsets(batch)):
                            raise ValueError(found)
                        done.extend(offsets(batch))
                    asyncio.get_running_loop().call_soon(self.rounds.commit)

        working = asyncio.ensure_future(agent())
        try:
            async with asyncio.timeout(seconds):
                while self.partitions[0].committed.get("t", 0) < 10:  # noqa: ASYNC110 - no event tells of it
                    await asyncio.sleep(0.01)
        finally:
            working.cancel()
        return done


@pytest.fixture
def play(tmp_path: Path) -> Callable[[Callable[[Scene], Any]], None]:
    """Run a test's coroutine on a scene."""

    def run(test: Callable[[Scene], Any]) -> None:
        async def whole() -> None:
            scene = Scene(tmp_path)
            try:
                await test(scene)
            finally:
                scene.running.cancel()

        asyncio.run(whole())

    return run


def offsets(batch: Batch) -> list[int]:
    return [record.offset for record in batch.records]


def test_the_next_batch_of_a_partition_comes_after_the_commit_and_others_do_not_wait(play: Any) -> None:
    async def test(scene: Scene) -> None:
        first, other = await scene.channel.get(), await scene.channel.get()
        assert (first.partition, offsets(first)) == (0, [0, 1, 2, 3])
        assert (other.partition, offsets(other)) == (1, [0, 1, 2, 3])
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(leave(first))
            await asyncio.sleep(0.05)
            assert scene.channel.batches.empty()
            scene.rounds.commit()
        following = await scene.channel.get()
        assert (following.partition, offsets(following)) == (0, [4, 5, 6, 7])
        assert scene.partitions[0].committed == {"t": 4}

    play(test)


def test_an_error_goes_no_further_and_the_same_records_come_again(play: Any) -> None:
    async def test(scene: Scene) -> None:
        first, _other = await scene.channel.get(), await scene.channel.get()
        async with first:
            first.state.put(b"k", b"1")
            first.send("out", b"k", b"1")
            raise ConnectionError
        again = await scene.channel.get()
        assert (again.partition, offsets(again), again.attempt) == (0, [0, 1, 2, 3], 2)
        assert again.outbox == []
        async with again:
            assert again.state.get(b"k") is None
            asyncio.get_running_loop().call_soon(scene.rounds.commit)

    play(test)


def test_a_batch_that_fails_for_longer_than_silence_may_last_is_no_silence(tmp_path: Path) -> None:
    """What it needs is away for an hour: back-off is no reason to end the process."""
    reasons: list[str] = []
    watchdog = Watchdog(1.0, end=lambda reason, **_: reasons.append(reason))

    async def test() -> None:
        scene = Scene(tmp_path, watchdog=watchdog)
        watchdog.start()
        attempts = 0
        async with asyncio.timeout(3):
            while True:
                async with await scene.channel.get():
                    attempts += 1
                    raise ConnectionError
        scene.running.cancel()

    with pytest.raises(TimeoutError):
        asyncio.run(test())
    watchdog.stop()
    assert reasons == []


def test_a_batch_that_was_never_entered_is_handed_out_again_and_the_old_one_is_empty(play: Any) -> None:
    async def test(scene: Scene) -> None:
        dropped, _other = await scene.channel.get(), await scene.channel.get()
        again = await scene.channel.get()
        assert offsets(again) == [0, 1, 2, 3]
        async with dropped:
            assert offsets(dropped) == []
        async with again:
            assert offsets(again) == [0, 1, 2, 3]
            asyncio.get_running_loop().call_soon(scene.rounds.commit)

    play(test)


def test_a_batch_cannot_be_entered_twice(play: Any) -> None:
    async def test(scene: Scene) -> None:
        batch = await scene.channel.get()
        async with batch:
            with pytest.raises(BatchClosedError, match="twice"):
                await batch.__aenter__()
            asyncio.get_running_loop().call_soon(scene.rounds.commit)
        with pytest.raises(BatchClosedError, match="twice"):
            await batch.__aenter__()

    play(test)


def test_nothing_can_be_sent_outside(play: Any) -> None:
    async def test(scene: Scene) -> None:
        batch = await scene.channel.get()
        with pytest.raises(BatchClosedError, match="async with"):
            batch.send("out", b"k", b"v")

    play(test)


def test_poison_is_answered_in_a_batch_of_its_own_and_the_order_stays(play: Any) -> None:
    async def test(scene: Scene) -> None:
        answered: list[tuple[int, str]] = []

        def answer(record: Record, error: BaseException, batch: Batch) -> None:
            answered.append((record.offset, repr(error)))
            batch.send("dead", record.key, record.value)
            asyncio.get_running_loop().call_soon(scene.rounds.commit)

        scene.handover.on_poison = answer
        assert await scene.process(wrong={2, 9}) == [0, 1, 3, 4, 5, 6, 7, 8]
        assert answered == [(2, "ValueError({2})"), (9, "ValueError({9})")]

    play(test)


def test_without_an_answer_a_poison_record_holds_up_its_partition_only(play: Any) -> None:
    async def test(scene: Scene) -> None:
        with pytest.raises(TimeoutError):
            await scene.process(wrong={2}, seconds=1)
        assert scene.partitions[0].committed == {"t": 2}
        assert scene.partitions[1].committed == {"t": 10}

    play(test)


def test_draining_waits_for_started_batches_and_empties_those_that_come_too_late(play: Any) -> None:
    async def test(scene: Scene) -> None:
        first, other = await scene.channel.get(), await scene.channel.get()
        leaving = asyncio.ensure_future(leave(first))
        await asyncio.sleep(0)
        draining = asyncio.ensure_future(scene.handover.drain(5))
        await asyncio.sleep(0.05)
        assert not draining.done()
        async with other:
            assert offsets(other) == []
        scene.rounds.commit()
        assert await draining
        await leaving
        assert scene.channel.batches.empty()

    play(test)


def test_draining_gives_up_when_the_time_is_over(play: Any) -> None:
    async def test(scene: Scene) -> None:
        batch = await scene.channel.get()
        leaving = asyncio.ensure_future(leave(batch))
        await asyncio.sleep(0)
        assert not await scene.handover.drain(0.1)
        scene.rounds.commit()
        await leaving

    play(test)


def test_a_body_that_outlives_its_assignment_does_not_count(play: Any) -> None:
    async def test(scene: Scene) -> None:
        batch = await scene.channel.get()
        async with batch:
            scene.assignment.end()
            raise ValueError("too late")
        assert batch.stage is Stage.OVER
        assert not scene.partitions[0].returned

    play(test)


async def leave(batch: Batch) -> None:
    async with batch:
        pass
